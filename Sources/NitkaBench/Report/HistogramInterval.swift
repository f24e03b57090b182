// SPDX-License-Identifier: Apache-2.0

public import Histogram

/// The times that were recorded between two moments: a line of a log of histograms.
public struct HistogramInterval: Sendable {
    /// When it began, in seconds since 1970 in UTC.
    public var start: Double
    /// How long it was, in seconds.
    public var length: Double
    /// What was recorded, in nanoseconds, in a histogram as ``BenchOutcome/histogram()`` makes it. It is made anew each time that it is asked for.
    public var times: Histogram<UInt64> {
        get { compact.times }
        set { compact = CompactTimes(newValue) }
    }

    private var compact: CompactTimes

    /// An interval as it was recorded.
    public init(start: Double, length: Double, times: Histogram<UInt64>) {
        self.start = start
        self.length = length
        compact = CompactTimes(times)
    }
}
