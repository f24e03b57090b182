// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

extension BenchReport {
    /// The report as JSON for a file: keys in alphabetical order, a newline at the end.
    public func json() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // What it refuses are numbers that are none, and a report made from an outcome has none.
        guard let data = try? encoder.encode(self) else { preconditionFailure("a report with a number that is none") }
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    /// Reads what ``json()`` wrote.
    ///
    /// - Parameter json: the file's text.
    /// - Throws: ``ReportError``, a phrase that says what is wrong with it, to be put behind the file's name.
    public init(json: String) throws(ReportError) {
        let decoder = JSONDecoder()
        let data = Data(json.utf8)
        guard let mark = try? decoder.decode(Mark.self, from: data), mark.format == Self.formatName else {
            throw ReportError("it is not a report of nitka bench")
        }
        guard mark.version == Self.currentVersion else {
            throw ReportError("it is a report of version \(mark.version), and this is nitka for version 1")
        }
        do {
            self = try decoder.decode(Self.self, from: data)
        } catch {
            throw ReportError("it is a report of nitka bench, but \(Self.words(for: error))")
        }
    }

    /// The two keys that no version takes away.
    private struct Mark: Codable {
        var format: String
        var version: Int
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) is not what it should be"
        default: "it can't be read"
        }
    }
}
