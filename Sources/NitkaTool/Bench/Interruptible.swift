// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem
internal import NitkaBench
internal import NitkaCheck
internal import NitkaProbe

/// A bench that a signal ends early: with the first one what is on its way may still come back, the second does not
/// wait for it, and the third ends the program.
enum Interruptible {
    private static let signals = SignalCount()

    static var wasInterrupted: Bool { signals.count > 0 }

    /// - Parameter speaker: who tells how it goes; nil for nobody.
    static func run(_ endpoint: Endpoint, _ plan: BenchPlan, _ speaker: Speaker?) throws -> BenchOutcome {
        let bench = Bench(endpoint, plan)
        try signals.pass(to: bench)
        let live = speaker.map(LiveLine.init)
        defer { live?.finish() }
        return try bench.runBlocking { live?.show($0) }
    }
}

private final class SignalCount: Sendable {
    private struct State {
        var count = 0
        var bench: Bench?
        var thread: Background?
    }

    private let state = Monitor(State())

    var count: Int { state.withLock { $0.count } }

    func pass(to bench: Bench) throws {
        state.withLock { $0.bench = bench }
        if state.withLock({ $0.thread != nil }) { return }
        let thread = try Background(named: "nitka-signals") { [self] in wait() }
        state.withLock { $0.thread = thread }
    }

    private func wait() {
        while true {
            _ = Signals.wait(for: [Signals.interrupt, Signals.terminate])
            let (count, bench) = state.withLock { state in
                state.count += 1
                return (state.count, state.bench)
            }
            if count > 2 { CurrentProcess.exitNow(Exit.notJudged.rawValue) }
            bench?.stop()
        }
    }
}

/// How a bench goes: on a terminal one line that is written anew, elsewhere a line a second.
final class LiveLine: Sendable {
    private let speaker: Speaker

    init(_ speaker: Speaker) { self.speaker = speaker }

    func show(_ progress: BenchProgress) {
        let text: String
        switch progress {
        case .advice(let advice): return speaker.say("note: \(advice)")
        case .connected(let count, let all): text = "\(count) of \(all) clients are connected"
        case .warmingUp: text = "warming up"
        case .second(let second, let left):
            let rate = Double(second.echoes) / max(second.length / .seconds(1), 1e-9)
            let times = [50.0, 99].map { percentile in
                "p\(Int(percentile)) \(second.latency(at: percentile).map(shown) ?? "-")"
            }
            text =
                "\(Int(rate)) echoes/s  \(times.joined(separator: "  "))  \(second.errors) errors  "
                + "\(Span(duration: .seconds(Int((left / .seconds(1)).rounded())))) left"
        }
        if speaker.isTerminal { speaker.show(text) } else { speaker.say(text) }
    }

    func finish() {
        if speaker.isTerminal { speaker.show("") }
    }
}
