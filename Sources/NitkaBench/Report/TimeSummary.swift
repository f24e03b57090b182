// SPDX-License-Identifier: Apache-2.0

public import Histogram

/// The figures of a histogram that a report shows, in nanoseconds.
///
/// Each figure is the highest value of its cell (3 digits), so that readers of the log get the same figures. The rank of a
/// percentile is rounded to the nearest, as HdrHistogram does in C, Go and Python. In Java it is rounded up, and may
/// differ by 1 echo.
public struct TimeSummary: Hashable, Sendable {
    /// The number of recorded times.
    public let count: UInt64
    /// The median: 50 % of the times are this or less.
    public let p50: UInt64
    /// 90 % of the times are this or less.
    public let p90: UInt64
    /// 99 % of the times are this or less.
    public let p99: UInt64
    /// 99.9 % of the times are this or less.
    public let p999: UInt64
    /// The longest time.
    public let max: UInt64
    /// The mean.
    public let mean: Double

    /// Creates a summary; nil for an empty histogram, which has no percentiles.
    ///
    /// It takes 10 to 100 µs.
    public init?(_ times: Histogram<UInt64>) {
        guard times.totalCount > 0 else { return nil }
        count = times.totalCount
        max = times.max
        let found = Self.percentiles([50, 90, 99, 99.9], of: times)
        (p50, p90, p99, p999) = (found[0], found[1], found[2], found[3])
        mean = Self.mean(of: times)
    }

    /// The times at percentiles, which must be in ascending order.
    static func percentiles(_ percents: [Double], of times: Histogram<UInt64>) -> [UInt64] {
        let total = Double(times.totalCount)
        let ranks = percents.map { Swift.max(1, UInt64($0 * total / 100 + 0.5)) }
        var found: [UInt64] = []
        var seen: UInt64 = 0
        for cell in HistogramCells(times) where cell.count > 0 {
            seen += cell.count
            while found.count < ranks.count, seen >= ranks[found.count] {
                found.append(times.highestEquivalentForValue(cell.value))
            }
        }
        return found + Array(repeating: times.max, count: ranks.count - found.count)
    }

    private static func mean(of times: Histogram<UInt64>) -> Double {
        var sum = 0.0
        for cell in HistogramCells(times) where cell.count > 0 {
            sum += Double(times.medianEquivalentForValue(cell.value)) * Double(cell.count)
        }
        return sum / Double(times.totalCount)
    }
}
