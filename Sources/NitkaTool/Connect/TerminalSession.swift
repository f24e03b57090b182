// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// A line at a time: what comes back is escaped, and timed when it is the line that was sent.
final class TerminalSession: ConnectSession {
    private struct State {
        var unanswered: [(line: [UInt8], sent: MonotonicTime)] = []
        var partial: [UInt8] = []
    }

    /// A line longer than this is shown in pieces.
    private static let longestLine = 65_536

    private let state = Monitor(State())

    init(_ connection: Connection) {
        say("connected to \(connection.peer); type a line, or end with control-D")
    }

    func sending(_ bytes: [UInt8]) { state.withLock { $0.unanswered.append((bytes, .now)) } }

    func received(_ bytes: [UInt8]) -> Bool {
        let now = MonotonicTime.now
        let lines = state.withLock { state in
            state.partial += bytes
            var lines: [String] = []
            while let line = Self.takeLine(from: &state.partial) {
                var wait: Duration?
                if let first = state.unanswered.first, first.line == line {
                    wait = now - first.sent
                    state.unanswered.removeFirst()
                }
                lines.append(Self.text(line) + (wait.map { "   (\(shown($0)))" } ?? ""))
            }
            return lines
        }
        for line in lines { say(line) }
        return true
    }

    func finish(failure: NitkaError?) -> Int32 {
        let rest = state.withLock { $0.partial }
        if !rest.isEmpty { say(Self.text(rest)) }
        if let failure {
            complain("\(failure)")
            return 2
        }
        return 0
    }

    private static func takeLine(from bytes: inout [UInt8]) -> [UInt8]? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? (bytes.count > longestLine ? bytes.count - 1 : nil)
        else { return nil }
        defer { bytes.removeSubrange(...end) }
        return Array(bytes[...end])
    }

    private static func text(_ line: [UInt8]) -> String {
        EscapedText(utf8: line.last == UInt8(ascii: "\n") ? line.dropLast() : line, limit: longestLine).description
    }
}
