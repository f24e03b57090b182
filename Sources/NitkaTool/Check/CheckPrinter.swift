// SPDX-License-Identifier: Apache-2.0

internal import NitkaCheck
internal import NitkaProbe
internal import NitkaSystem

/// Prints a row when a stage of a check ends, and on a terminal a status line during a long stage.
final class CheckPrinter: Sendable {
    private let output = LineOutput(stream: .output)
    private let width: Int
    private let unicode = TextStyle.isUnicode
    private let rows: Monitor<CheckRows>
    private let idle: Duration
    private let status: StageStatusLine?

    /// - Parameter idle: how long the stage `idle` keeps a connection silent.
    init(idle: Duration?) {
        width = min(output.width, 120)
        self.idle = idle ?? .zero
        rows = Monitor(CheckRows(width: width, unicode: unicode))
        status = output.isTerminal ? StageStatusLine(output) : nil
    }

    func show(_ progress: CheckProgress) {
        switch progress {
        case .began(.idle): status?.begin("idle: silent for", of: idle)
        case .began(let stage): status?.begin("\(stage.rawValue):", of: nil)
        case .ended(let stage):
            status?.end()
            write(rows.withLock { $0.add(stage) })
        }
    }

    func finish(_ report: CheckReport) {
        status?.finish()
        write(rows.withLock { $0.end() } + CheckTable(report).verdictLines(width: width, unicode: unicode))
    }

    private func write(_ lines: [String]) {
        for line in lines { output.line(line) }
    }
}

/// A line of the terminal that shows once per second how long the current stage has run.
final class StageStatusLine: Sendable {
    private struct State {
        var text: String?
        var began = MonotonicTime.now
        var length: Duration?
        var hasEnded = false
    }

    private let output: LineOutput
    private let state = Monitor(State())
    private let thread = Monitor<BackgroundThread?>(nil)

    init(_ output: LineOutput) {
        self.output = output
        // If the thread can't be created, the line is not updated; the check still runs.
        let thread = try? BackgroundThread(named: "nitka-status") { [self] in run() }
        self.thread.withLock { $0 = thread }
    }

    /// - Parameter length: the expected length of the stage, if it is known.
    func begin(_ text: String, of length: Duration?) {
        state.update { state in
            (state.text, state.began, state.length) = (text, .now, length)
            show(state)
        }
    }

    /// Removes the line before it returns.
    func end() {
        state.update { state in
            if state.text != nil { output.replaceStatus("") }
            state.text = nil
        }
    }

    func finish() {
        end()
        state.update { $0.hasEnded = true }
        thread.withLock { $0 }?.finish()
    }

    private func run() {
        while true {
            // Write under the lock: after `end` returns, the line must not reappear between two rows of the table.
            let hasEnded = state.withLock { state in
                show(state)
                return state.hasEnded
            }
            if hasEnded { return }
            _ = state.wait(until: .now + .seconds(1)) { $0.hasEnded ? true : nil }
        }
    }

    private func show(_ state: State) {
        if let line = line(state) { output.replaceStatus(line) }
    }

    private func line(_ state: State) -> String? {
        guard let text = state.text else { return nil }
        let seconds = Duration.seconds((MonotonicTime.now - state.began).components.seconds)
        // Show nothing in the first second, unless the stage is known to be long.
        guard seconds > .zero || state.length != nil else { return nil }
        let length = state.length.map { " of \(DurationArgument(duration: $0))" } ?? ""
        return "…     \(text) \(DurationArgument(duration: seconds))\(length)"
    }
}
