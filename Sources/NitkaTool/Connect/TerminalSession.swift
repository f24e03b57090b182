// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// Prints the received lines, escaped, and the round-trip time of a line that is the echo of a sent line.
final class TerminalSession: ConnectSession {
    private struct State {
        var unanswered: [(line: [UInt8], sent: MonotonicTime)] = []
        var partial: [UInt8] = []
    }

    /// A longer line is printed in parts of this many bytes.
    private static let longestLine = 65_536

    private let state = Monitor(State())

    init(_ connection: Connection) {
        printLine("connected to \(connection.peer); type a line, or Control-D to end")
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
        for line in lines { printLine(line) }
        return StandardOutput.failure == nil
    }

    func receivingEnded() {}

    func finish(_ end: ConversationEnd) -> Int32 {
        let rest = state.withLock { $0.partial }
        if !rest.isEmpty { printLine(Self.text(rest)) }
        // A line that was typed for the server must not become a command of the shell.
        if end.isServerFirst || end.failure != nil { StandardStream.input.discardTypedInput() }
        if let failure = end.failure {
            printError("\(failure)")
            return 2
        }
        if end.isServerFirst { printLine("the server ended the stream") }
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
