// SPDX-License-Identifier: Apache-2.0

public import Histogram

/// The times that were recorded in one interval: one line of a histogram log.
public struct HistogramInterval: Sendable {
    /// When the interval began, in seconds since 1970 in UTC.
    public var start: Double
    /// The length of the interval in seconds.
    public var length: Double
    /// The times in nanoseconds, in a histogram with the cells of ``BenchOutcome/histogram()``. Each access makes a new
    /// histogram.
    public var times: Histogram<UInt64> {
        get { compact.times }
        set { compact = CompactTimes(newValue) }
    }

    private var compact: CompactTimes

    /// Creates an interval.
    public init(start: Double, length: Double, times: Histogram<UInt64>) {
        self.start = start
        self.length = length
        compact = CompactTimes(times)
    }
}
