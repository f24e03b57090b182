// SPDX-License-Identifier: Apache-2.0

/// An error in a file or in a text of the user. Its description follows the name of the file or option.
public struct ReportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For example `it is not a report of nitka bench`. It may contain text from the file: escape it for a terminal.
    public let description: String

    init(_ description: String) { self.description = description }
}
