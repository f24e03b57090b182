// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
public import Histogram

/// The log of histograms that the HdrHistogram tools of all languages read, merge and plot (`.hlog`, version 1.3 with
/// histograms in their V2 compressed encoding).
///
/// Times are nanoseconds from when a message was due; a line is a second of a bench.
public struct HistogramLog: Sendable {
    /// When the first interval began, in seconds since 1970 in UTC.
    public var start: Double
    /// The intervals, in the order of their time.
    public var intervals: [HistogramInterval]

    /// A log of these intervals.
    public init(start: Double, intervals: [HistogramInterval]) {
        self.start = start
        self.intervals = intervals
    }

    /// The latencies of a bench, second by second.
    public init(_ outcome: BenchOutcome) {
        let start = Self.secondsSince1970(outcome.began) ?? 0
        let intervals = outcome.seconds.map { second in
            HistogramInterval(
                start: start + second.start / .seconds(1), length: second.length / .seconds(1), times: second.latency)
        }
        self.init(start: start, intervals: intervals)
    }

    /// All intervals in one histogram.
    public var total: Histogram<UInt64> {
        intervals.reduce(into: BenchOutcome.histogram()) { total, interval in total.add(interval.times) }
    }

    /// A moment in UTC (RFC 3339, with or without a fraction of a second); nil for anything else.
    static func secondsSince1970(_ text: String) -> Double? {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
        return (try? style.parse(text))?.timeIntervalSince1970
    }
}
