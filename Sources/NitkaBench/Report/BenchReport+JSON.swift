// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

extension BenchReport {
    /// The report as JSON, with its keys in alphabetical order and a newline at the end.
    public func json() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Only NaN and infinity fail, and a report from an outcome or from JSON has neither.
        guard let data = try? encoder.encode(self) else { preconditionFailure("a report contains NaN or infinity") }
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    /// Reads a report that ``json()`` wrote.
    ///
    /// - Parameter json: the text of the file.
    /// - Throws: ``ReportError``, whose text follows the file's name.
    public init(json: String) throws(ReportError) {
        let decoder = JSONDecoder()
        let data = Data(json.utf8)
        guard let mark = try? decoder.decode(Mark.self, from: data), mark.format == Self.formatName else {
            throw ReportError("it is not a report of nitka bench")
        }
        guard mark.version == Self.currentVersion else {
            throw ReportError("it is a report of version \(mark.version), this nitka reads version 1")
        }
        do {
            self = try decoder.decode(Self.self, from: data)
        } catch {
            throw ReportError("it is a report of nitka bench, but \(Self.words(for: error))")
        }
    }

    /// The 2 keys that every version has.
    private struct Mark: Codable {
        var format: String
        var version: Int
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has a wrong type or value"
        default: "it cannot be read"
        }
    }
}

/// An error in a file or in a text of the user. Its description follows the name of the file or option.
public struct ReportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For example `it is not a report of nitka bench`. It may contain text from the file: escape it for a terminal.
    public let description: String

    init(_ description: String) { self.description = description }
}
