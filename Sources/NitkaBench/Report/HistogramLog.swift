// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
public import Histogram

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

    /// Parses a moment in UTC (RFC 3339, with or without fractions of a second); nil for other text.
    static func secondsSince1970(_ text: String) -> Double? {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
        return (try? style.parse(text))?.timeIntervalSince1970
    }
}
