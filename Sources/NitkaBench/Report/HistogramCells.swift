// SPDX-License-Identifier: Apache-2.0

internal import Histogram

/// The cells of a histogram in their order, empty ones too, up to the last that holds something.
///
/// Not the library's own iterators: they multiply counts and values in 64 bits, and trap on counts from a file that
/// somebody else wrote; and they copy the histogram.
struct HistogramCells: Sequence, IteratorProtocol {
    struct Cell {
        /// The lowest of the values that are counted here.
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
