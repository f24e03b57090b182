// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Histogram
internal import NitkaProbe

extension HistogramLog {
    /// Reads a log that ``text`` wrote, or another tool that stores its histograms without compression.
    ///
    /// It skips comments, legends and empty lines, and ignores blanks and byte-order marks at the ends of a line, which
    /// editors, mail programs and shells add.
    ///
    /// - Throws: ``ReportError``, such as `line 5: the histogram is deflated, …`, whose text follows the file's name.
    public init(reading text: String) throws(ReportError) {
        var reading = Reading()
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            do throws(ReportError) {
                try reading.take(Self.trimmed(line))
            } catch {
                throw ReportError("line \(number): \(error)")
            }
        }
        guard !reading.intervals.isEmpty else { throw ReportError("there is no histogram in it") }
        let start = reading.start ?? reading.intervals[0].start
        self.init(start: start, intervals: reading.intervals.sorted { $0.start < $1.start })
    }

    private static func trimmed(_ line: Substring) -> Substring {
        let isMargin = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace || scalar == "\u{feff}" }
        var scalars = line.unicodeScalars
        while let last = scalars.last, isMargin(last) { scalars.removeLast() }
        return Substring(scalars.drop(while: isMargin))
    }

    /// The state of the reader after a line.
    private struct Reading {
        var start: Double?
        var base: Double?
        var intervals: [HistogramInterval] = []

        mutating func take(_ line: Substring) throws(ReportError) {
            if line.hasPrefix("#") { return note(line) }
            guard !line.isEmpty, !line.hasPrefix("\"StartTimestamp\"") else { return }
            var fields = line.split(separator: ",", omittingEmptySubsequences: false)
            var tag: String?
            if let first = fields.first, first.hasPrefix(HistogramLog.tagMark) {
                tag = String(first.dropFirst(HistogramLog.tagMark.count))
                fields.removeFirst()
            }
            let numbers = fields.prefix(3).compactMap(Self.seconds)
            guard fields.count == 4, numbers.count == 3, let payload = fields.last else {
                throw ReportError("it is not an interval of a histogram log")
            }
            guard let bytes = Data(base64Encoded: String(payload)) else {
                throw ReportError("the histogram is not base64")
            }
            let times = try HistogramPayload.decode([UInt8](bytes))
            intervals.append(
                HistogramInterval(start: moment(numbers[0]), length: numbers[1], tag: tag, times: times))
        }

        private mutating func note(_ line: Substring) {
            if let seconds = Self.seconds(of: "#[StartTime: ", in: line) { start = seconds }
            if let seconds = Self.seconds(of: "#[BaseTime: ", in: line) { base = seconds }
        }

        /// Without a base time, a moment more than a year before the start counts from the start, as in all HdrHistogram
        /// tools.
        private func moment(_ seconds: Double) -> Double {
            let year = 365.0 * 24 * 3600
            return seconds + (base ?? start.flatMap { seconds < $0 - year ? $0 : nil } ?? 0)
        }

        private static func seconds(of mark: String, in line: Substring) -> Double? {
            guard line.hasPrefix(mark) else { return nil }
            return seconds(line.dropFirst(mark.count).prefix { $0 != " " })
        }

        /// The year 5138: some calendars fail beyond it.
        private static let latest = 1e11

        /// Parses digits and a point. ``Numeral`` allows fewer digits than other tools write.
        private static func seconds(_ text: Substring) -> Double? {
            guard text.utf8.count <= 24, text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }) else {
                return nil
            }
            return Double(text).flatMap { $0 < latest ? $0 : nil }
        }
    }
}
