// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Writes an error as one sentence to standard error.
func printError(_ text: String) { try? StandardStream.error.write("nitka: \(text)\n") }

/// Writes one line to standard output. A closed pipe does not end the command.
func printLine(_ text: String) { try? StandardStream.output.write(text + "\n") }

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

    private func write(_ text: String) { try? stream.write(text) }
}
