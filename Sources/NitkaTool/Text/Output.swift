// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import NitkaSystem

/// Writes an error as one sentence to standard error.
func printError(_ text: String) { try? StandardStream.error.write("nitka: \(text)\n") }

/// Writes one line to standard output. A failed write does not end the command: see ``StandardOutput``.
func printLine(_ text: String) { StandardOutput.write(text + "\n") }

/// Standard output of the process. It remembers the first failed write, which decides the exit code.
///
/// A failed write does not stop the command: a server must serve although the disk of its log is full, and a check must
/// reach its verdict.
enum StandardOutput {
    private static let firstFailure = Monitor<Errno?>(nil)

    /// The reason of the first write that failed.
    static var failure: Errno? { firstFailure.withLock { $0 } }

    /// True if a write failed although a reader may be left.
    static var isIncomplete: Bool { failure.map { $0 != .brokenPipe } ?? false }

    static func write(_ text: String) { write(Array(text.utf8).span.bytes) }

    /// Returns false if the bytes could not be written.
    @discardableResult
    static func write(_ bytes: RawSpan) -> Bool {
        do throws(Errno) {
            try StandardStream.output.write(bytes)
            return true
        } catch {
            let isFirst = firstFailure.withLock { failure in
                defer { failure = failure ?? error }
                return failure == nil
            }
            // At once: a server may run for months. A closed pipe is a failure only for some commands, which say so at
            // their end.
            if isFirst, error != .brokenPipe { printError(sentence(error)) }
            return false
        }
    }

    /// The exit code of a command that wrote to standard output: at least 2 if a write failed.
    ///
    /// - Parameter needsReader: true if a reader that left early, such as head(1), lost a part of the result. False if the
    ///   exit code is the result: then a closed pipe is no failure.
    static func exitCode(_ code: Int32, needsReader: Bool) -> Int32 {
        guard let failure, needsReader || failure != .brokenPipe else { return code }
        if failure == .brokenPipe { printError(sentence(failure)) }
        return max(code, Exit.notJudged.rawValue)
    }

    private static func sentence(_ failure: Errno) -> String { "write standard output: \(failure)" }
}

/// A command whose result is its standard output, not its exit code: a reader that left early lost a part of it.
protocol OutputIsResult: ParsableCommand {}

/// Writes lines to standard output or standard error, and on a terminal a status line that is replaced in place.
struct LineOutput: Sendable {
    let stream: StandardStream

    var isTerminal: Bool { stream.isTerminal }

    func line(_ text: String) { write(text + "\n") }

    /// Replaces the status line; only for a terminal. An empty text removes it.
    func replaceStatus(_ text: String) {
        // A text that wraps to the next row could be replaced only in part: cut it to the width.
        write("\r\u{1b}[K" + text.prefix(width))
    }

    /// One column less than the terminal has: some terminals wrap when the last column is filled.
    var width: Int { stream.columns.map { max(20, $0 - 1) } ?? 80 }

    private func write(_ text: String) {
        if stream == .output { StandardOutput.write(text) } else { try? stream.write(text) }
    }
}
