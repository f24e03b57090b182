// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a file or a text that somebody gave: a phrase, to be put behind the name of it.
public struct ReportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `it is not a report of nitka bench`. May hold text from a file: escape it before it reaches a terminal.
    public let description: String

    init(_ description: String) { self.description = description }
}
