// SPDX-License-Identifier: Apache-2.0

public import Histogram

/// A histogram of times in the figures that a report shows.
///
/// Nanoseconds, each the highest value that the histogram does not tell from the one recorded (three digits), so that
/// whoever reads the recorded log gets the same figures. A percentile's rank is rounded to the nearest, as
/// HdrHistogram does in C, Go and Python; in Java it is rounded up, and may be one echo further.
public struct TimeSummary: Hashable, Sendable {
    /// How many times were recorded.
    public let count: UInt64
    /// Half of them were this or less.
    public let p50: UInt64
    /// 90 % of them were this or less.
    public let p90: UInt64
    /// 99 % of them were this or less.
    public let p99: UInt64
    /// 99.9 % of them were this or less.
    public let p999: UInt64
    /// The longest.
    public let max: UInt64
    /// Their mean.
    public let mean: Double

    /// Nil for a histogram without times: it has no percentiles, and 0 would read as a fast one.
    ///
    /// One pass over the histogram, of 10 to 100 µs.
    public init?(_ times: Histogram<UInt64>) {
        guard times.totalCount > 0 else { return nil }
        count = times.totalCount
        max = times.max
        let found = Self.percentiles([50, 90, 99, 99.9], of: times)
        (p50, p90, p99, p999) = (found[0], found[1], found[2], found[3])
        mean = Self.mean(of: times)
    }

    /// The times at rising percentiles, in one pass.
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
