// SPDX-License-Identifier: Apache-2.0

internal import Histogram

/// The cells of a histogram in order, including empty ones, up to the last one that is not empty.
///
/// The iterators of the histogram library multiply counts and values in 64 bits, so that counts from a foreign file can
/// make them trap; and they copy the histogram.
struct HistogramCells: Sequence, IteratorProtocol {
    struct Cell {
        /// The lowest value of the cell.
        var value: UInt64
        var count: UInt64
    }

    private let histogram: Histogram<UInt64>
    private var position: UInt64 = 0

    init(_ histogram: Histogram<UInt64>) { self.histogram = histogram }

    mutating func next() -> Cell? {
        guard histogram.totalCount > 0, position <= histogram.maxRecorded else { return nil }
        let value = position
        position = histogram.nextNonEquivalentForValue(value)
        return Cell(value: value, count: histogram.countForValue(value))
    }
}
