// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Histogram
internal import NitkaProbe

extension HistogramLog {
    static let versionLine = "#[Histogram log format version 1.3]"
    static let legend = #""StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram""#

    /// The text of the file.
    ///
    /// Intervals count from the base time, which the text contains because readers would guess it otherwise. The longest
    /// time of an interval is in milliseconds, as readers expect for a histogram in nanoseconds.
    public var text: String {
        let moment = Self.decimal(start)
        let date = Date(timeIntervalSince1970: start).formatted(.iso8601)
        var lines = [
            "#[Times are nanoseconds, recorded by nitka bench]", Self.versionLine,
            "#[StartTime: \(moment) (seconds since epoch), \(date)]", "#[BaseTime: \(moment) (seconds since epoch)]",
            Self.legend,
        ]
        lines += intervals.map { interval in
            let times = interval.times
            let fields = [interval.start - start, interval.length, Double(times.max) / 1e6].map(Self.decimal)
            let payload = Data(HistogramPayload.encode(times)).base64EncodedString()
            return (fields + [payload]).joined(separator: ",")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// 3 decimals, as the format has them, and never negative: no reader accepts a minus sign.
    private static func decimal(_ value: Double) -> String {
        let thousandths = Int((max(0, min(value, 1e12)) * 1000).rounded())
        return "\(thousandths / 1000)." + String(thousandths % 1000 + 1000).dropFirst()
    }
}
