// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
public import Histogram
internal import NitkaProbe

/// A histogram log, which the HdrHistogram tools of all languages read, merge and plot (`.hlog`, version 1.3, with
/// histograms in the V2 compressed encoding).
///
/// Times are in nanoseconds from when a message was due. Each line is one second of a bench.
public struct HistogramLog: Sendable {
    /// When the first interval began, in seconds since 1970 in UTC.
    public var start: Double
    /// The intervals in chronological order.
    public var intervals: [HistogramInterval]

    /// Creates a log of intervals.
    public init(start: Double, intervals: [HistogramInterval]) {
        self.start = start
        self.intervals = intervals
    }

    /// Creates a log of the latencies of a run, second by second.
    public init(_ outcome: BenchOutcome) {
        let start = Self.secondsSince1970(outcome.began) ?? 0
        let intervals = outcome.seconds.map { second in
            HistogramInterval(
                start: start + second.start / .seconds(1), length: second.length / .seconds(1), times: second.latency)
        }
        self.init(start: start, intervals: intervals)
    }

    /// The sum of all intervals.
    public var total: Histogram<UInt64> {
        intervals.reduce(into: BenchOutcome.histogram()) { total, interval in total.add(interval.times) }
    }

    /// The tags of the intervals, in the order in which they appear first; nil for intervals without a tag.
    public var tags: [String?] {
        var seen: Set<String?> = []
        return intervals.map(\.tag).filter { seen.insert($0).inserted }
    }

    /// The log with only the intervals that have a tag.
    ///
    /// - Throws: ``ReportError`` that names the tags if there are no such intervals.
    public func only(tag: String) throws(ReportError) -> HistogramLog {
        let found = intervals.filter { $0.tag == tag }
        guard !found.isEmpty else {
            let tags = tags.compactMap { $0 }
            throw ReportError(
                "there is no histogram with the tag \(tag) in it; "
                    + (tags.isEmpty ? "its histograms have no tag" : "its tags are \(tags.joined(separator: ", "))"))
        }
        return HistogramLog(start: start, intervals: found)
    }

    /// Parses a moment in UTC (RFC 3339, with or without fractions of a second); nil for other text.
    static func secondsSince1970(_ text: String) -> Double? {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
        return (try? style.parse(text))?.timeIntervalSince1970
    }
}

extension HistogramLog {
    /// Merges the logs of runs on several machines at the same time. Intervals that began in the same second, counted from
    /// the earliest, become one interval.
    ///
    /// An interval of several tags has none.
    ///
    /// If the machines' clocks differ, intervals are paired differently, but no recorded time is lost.
    ///
    /// - Parameter logs: 1 or more.
    public init(merging logs: [HistogramLog]) {
        let all = logs.flatMap(\.intervals)
        let start = all.map(\.start).min() ?? 0
        var slots: [Double: HistogramInterval] = [:]
        for interval in all {
            let slot = (interval.start - start).rounded()
            guard var merged = slots[slot] else {
                slots[slot] = interval
                continue
            }
            merged.times.add(interval.times)
            if merged.tag != interval.tag { merged.tag = nil }
            let end = max(merged.start + merged.length, interval.start + interval.length)
            merged.start = min(merged.start, interval.start)
            merged.length = end - merged.start
            slots[slot] = merged
        }
        self.init(start: start, intervals: slots.values.sorted { $0.start < $1.start })
    }
}

extension HistogramLog {
    /// What the tag of an interval begins with.
    static let tagMark = "Tag="
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
            let tag = interval.tag.map { [Self.tagMark + $0] } ?? []
            return (tag + fields + [payload]).joined(separator: ",")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// 3 decimals, as the format has them, and never negative: no reader accepts a minus sign.
    private static func decimal(_ value: Double) -> String {
        let thousandths = Int((max(0, min(value, 1e12)) * 1000).rounded())
        return "\(thousandths / 1000)." + String(thousandths % 1000 + 1000).dropFirst()
    }
}

/// The times that were recorded in one interval: one line of a histogram log.
public struct HistogramInterval: Sendable {
    /// When the interval began, in seconds since 1970 in UTC.
    public var start: Double
    /// The length of the interval in seconds.
    public var length: Double
    /// The tag, by which other tools keep several histograms in one log; nil for none. It contains no comma.
    public var tag: String?
    /// The times in nanoseconds, in a histogram with the cells of ``BenchOutcome/histogram()``. Each access makes a new
    /// histogram.
    public var times: Histogram<UInt64> {
        get { compact.times }
        set { compact = CompactTimes(newValue) }
    }

    private var compact: CompactTimes

    /// Creates an interval.
    public init(start: Double, length: Double, tag: String? = nil, times: Histogram<UInt64>) {
        self.start = start
        self.length = length
        self.tag = tag
        compact = CompactTimes(times)
    }
}
