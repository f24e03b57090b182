// SPDX-License-Identifier: Apache-2.0

public import Histogram
internal import NitkaProbe

/// A histogram as text: a bar for each bucket. The widths of the buckets grow by a constant factor.
public struct TextHistogram: Sendable {
    private let buckets: [LogBuckets.Bucket]
    private let total: UInt64

    /// Creates the text of a histogram of nanoseconds.
    ///
    /// - Parameter most: limit of bars, 4 or more.
    public init(_ times: Histogram<UInt64>, most: Int = 16) {
        buckets = LogBuckets(times, most: most).buckets
        total = times.totalCount
    }

    /// The lines; empty for an empty histogram.
    ///
    /// - Parameters:
    ///   - width: limit of columns per line, 40 or more.
    ///   - unicode: false for ASCII only.
    public func lines(width: Int = 80, unicode: Bool = true) -> [String] {
        let rows = buckets.map { bucket in
            [
                Figures.time(bucket.lower), Figures.time(bucket.upper),
                "\(Figures.fixed(Double(bucket.count) / Double(total) * 100, places: 2)) %",
                Figures.grouped(bucket.count),
            ]
        }
        let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let room = max(8, width - widths.reduce(0, +) - 9)
        let most = Double(buckets.map(\.count).max() ?? 1)
        return zip(buckets, rows).map { bucket, row in
            let columns = zip(row, widths).map(TextColumns.right)
            let bar = Bar.text(Double(bucket.count) / most, width: room, unicode: unicode)
            let line = "\(columns[0]) – \(columns[1])  \(bar)  \(columns[2])  \(columns[3])"
            return unicode ? line : TextColumns.ascii(line)
        }
    }
}

/// A bar of block characters, which have a resolution of 1/8 column, or of number signs.
enum Bar {
    static func text(_ share: Double, width: Int, unicode: Bool) -> String {
        let eighths = share > 0 ? max(1, Int((share * Double(width) * 8).rounded())) : 0
        guard unicode else {
            return TextColumns.left(String(repeating: "#", count: min(width, (eighths + 7) / 8)), width)
        }
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return TextColumns.left(String(repeating: "█", count: eighths / 8) + parts[eighths % 8], width)
    }
}
