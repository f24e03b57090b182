// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import NitkaCheck
internal import NitkaProbe

/// Shows people how a check goes: a row as each stage ends, and on a terminal what is being waited for meanwhile.
final class CheckNarrator: Sendable {
    private let speaker = Speaker(stream: .output)
    private let width: Int
    private let unicode = TextStyle.isUnicode
    private let rows: Monitor<CheckRows>
    private let idle: Duration
    private let waiting: WaitingLine?

    /// - Parameter idle: how long a connection is left silent.
    init(idle: Duration?) {
        width = min(speaker.width, 120)
        self.idle = idle ?? .zero
        rows = Monitor(CheckRows(width: width, unicode: unicode))
        waiting = StandardStream.output.isTerminal ? WaitingLine() : nil
    }

    func show(_ progress: CheckProgress) {
        switch progress {
        case .began(.idle): waiting?.begin("idle: silent for", of: idle)
        case .began(let stage): waiting?.begin("\(stage.rawValue):", of: nil)
        case .ended(let stage):
            waiting?.end()
            say(rows.withLock { $0.add(stage) })
        }
    }

    func finish(_ report: CheckReport) {
        waiting?.finish()
        say(rows.withLock { $0.end() } + CheckTable(report).verdictLines(width: width, unicode: unicode))
    }

    private func say(_ lines: [String]) {
        for line in lines { speaker.say(line) }
    }
}

/// One line of a terminal that is written anew each second while something takes long.
final class WaitingLine: Sendable {
    private struct State {
        var text: String?
        var began = MonotonicTime.now
        var length: Duration?
        var hasEnded = false
    }

    private let state = Monitor(State())
    private let thread = Monitor<Background?>(nil)

    init() {
        // Where there is no thread for it, nothing is shown.
        let thread = try? Background(named: "nitka-waiting") { [self] in run() }
        self.thread.withLock { $0 = thread }
    }

    /// - Parameter length: how long it takes in all, where that is known.
    func begin(_ text: String, of length: Duration?) {
        state.update { state in
            (state.text, state.began, state.length) = (text, .now, length)
            show(state)
        }
    }

    /// The line is gone when it returns.
    func end() {
        state.update { state in
            if state.text != nil { Speaker(stream: .output).show("") }
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
            // Shown under the lock: between two lines of the table nothing of it may appear.
            let hasEnded = state.withLock { state in
                show(state)
                return state.hasEnded
            }
            if hasEnded { return }
            _ = state.wait(until: .now + .seconds(1)) { $0.hasEnded ? true : nil }
        }
    }

    private func show(_ state: State) {
        if let line = line(state) { Speaker(stream: .output).show(line) }
    }

    private func line(_ state: State) -> String? {
        guard let text = state.text else { return nil }
        let seconds = Duration.seconds((MonotonicTime.now - state.began).components.seconds)
        // What is over within a second needs no words, unless it will take long.
        guard seconds > .zero || state.length != nil else { return nil }
        let length = state.length.map { " of \(Span(duration: $0))" } ?? ""
        return "…     \(text) \(Span(duration: seconds))\(length)"
    }
}
