// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaBench
internal import NitkaSystem

/// Runs a bench that SIGINT or SIGTERM ends early.
///
/// After the first signal the clients send no more, and the run waits for the echoes of sent messages. The second
/// signal ends the wait. The third ends the process.
enum InterruptibleBench {
    private static let signals = BenchSignals()

    static var wasInterrupted: Bool { signals.count > 0 }

    /// - Parameter output: where the progress is shown; nil for no progress.
    static func run(_ endpoint: Endpoint, _ plan: BenchPlan, _ output: LineOutput?) throws -> BenchOutcome {
        let bench = Bench(endpoint, plan)
        try signals.pass(to: bench)
        let status = output.map(StatusLine.init)
        defer { status?.finish() }
        return try bench.runBlocking { status?.show($0) }
    }
}

private final class BenchSignals: Sendable {
    private struct State {
        var requests = SignalCounter()
        var bench: Bench?
        var thread: BackgroundThread?
    }

    private let state = Monitor(State())

    var count: Int { state.withLock { $0.requests.count } }

    /// Makes a signal stop this bench, and no longer the one before it.
    func pass(to bench: Bench) throws {
        state.withLock { $0.bench = bench }
        if state.withLock({ $0.thread != nil }) { return }
        do throws(Errno) {
            let thread = try BackgroundThread(named: "nitka-signals") { [self] in wait() }
            state.withLock { $0.thread = thread }
        } catch {
            throw BenchObstacle(noThreadFor: "the thread that waits for signals", error)
        }
    }

    private func wait() {
        while true {
            _ = Signals.wait(for: [Signals.interrupt, Signals.terminate])
            let (isRequest, count, bench) = state.withLock { state in
                (state.requests.add(at: .now), state.requests.count, state.bench)
            }
            if !isRequest { continue }
            if count > 2 { CurrentProcess.exitNow(Exit.notJudged.rawValue) }
            bench?.stop()
        }
    }
}

/// Shows the progress of a bench: on a terminal one line that is replaced in place, elsewhere one line per second.
final class StatusLine: Sendable {
    private let output: LineOutput

    init(_ output: LineOutput) { self.output = output }

    func show(_ progress: BenchProgress) {
        let text: String
        switch progress {
        case .advice(let advice): return output.line("note: \(advice)")
        case .connected(let count, let all): text = "\(count) of \(all) clients are connected"
        case .warmingUp: text = "warming up"
        case .second(let second, let left):
            let rate = Double(second.returned) / max(second.length / .seconds(1), 1e-9)
            let times = [50.0, 99].map { percentile in
                "p\(Int(percentile)) \(second.latency(at: percentile).map(shown) ?? "-")"
            }
            text =
                "\(Int(rate)) echoes/s  \(times.joined(separator: "  "))  \(second.errors.counted("error"))  "
                + "\(DurationArgument(duration: .seconds(Int((left / .seconds(1)).rounded())))) left"
        }
        if output.isTerminal { output.replaceStatus(text) } else { output.line(text) }
    }

    func finish() {
        if output.isTerminal { output.replaceStatus("") }
    }
}
