// SPDX-License-Identifier: Apache-2.0

internal import Histogram

/// A histogram in a few buckets whose widths grow by a constant factor, for a chart.
struct LogBuckets {
    struct Bucket: Equatable {
        /// The lower border in nanoseconds, included.
        var lower: Double
        /// The upper border in nanoseconds, excluded.
        var upper: Double
        var count: UInt64
    }

    /// From the bucket of the shortest time to that of the longest, including empty ones.
    let buckets: [Bucket]

    /// Creates buckets. Their borders are round numbers, the same in every run, so that two charts can be compared.
    ///
    /// - Parameter most: limit of buckets, 4 or more. The finest steps within the limit are used.
    init(_ times: Histogram<UInt64>, most: Int) {
        guard let summary = TimeSummary(times) else {
            buckets = []
            return
        }
        let shortest = Double(Swift.max(times.min, 1))
        let longest = Swift.max(Double(summary.max), shortest)
        let borders = Self.steps.lazy.map { Self.borders(from: shortest, beyond: longest, $0) }
        let chosen = borders.first { $0.count <= most + 1 } ?? [shortest, longest + 1]
        buckets = Self.filled(chosen, with: times)
    }

    /// The preferred numbers of IEC 60063 within a power of 10, from fine to coarse. Their ratios are nearly constant, so
    /// that the area of a bar is not misleading, and they are short to read.
    private static let steps: [[Double]] = [
        [
            1, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2, 2.2, 2.4, 2.7, 3, 3.3, 3.6, 3.9, 4.3, 4.7, 5.1, 5.6, 6.2, 6.8, 7.5, 8.2,
            9.1,
        ],
        [1, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2], [1, 1.5, 2.2, 3.3, 4.7, 6.8], [1, 2.2, 4.7], [1],
    ]

    private static func borders(from shortest: Double, beyond longest: Double, _ steps: [Double]) -> [Double] {
        var borders: [Double] = []
        var power = 1.0
        while borders.isEmpty || borders[borders.count - 1] <= longest {
            for step in steps where borders.last ?? 0 <= longest {
                // The last border at or below the shortest time is the first one of the result.
                if step * power <= shortest { borders = [] }
                borders.append(step * power)
            }
            power *= 10
        }
        return borders
    }

    private static func filled(_ borders: [Double], with times: Histogram<UInt64>) -> [Bucket] {
        var buckets = zip(borders, borders.dropFirst()).map { Bucket(lower: $0, upper: $1, count: 0) }
        var index = 0
        for cell in HistogramCells(times) where cell.count > 0 {
            while index < buckets.count - 1, Double(cell.value) >= buckets[index].upper { index += 1 }
            buckets[index].count += cell.count
        }
        return buckets
    }
}
