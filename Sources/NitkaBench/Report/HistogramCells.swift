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

/// The counts of a histogram in the V2 encoding: signed numbers in ZigZag and LEB128. A negative number is a run of empty
/// cells; a single empty cell is 0.
///
/// A number has at most 9 bytes. The ninth byte has 8 bits of the number, and no bit that another byte follows.
struct CountRuns {
    enum Run: Equatable {
        case empty(Int)
        case count(UInt64)
    }

    private var rest: ArraySlice<UInt8>
    /// More cells than any histogram has.
    private static let mostCells = 1 << 20

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next() throws(ReportError) -> Run? {
        guard !rest.isEmpty else { return nil }
        let code = try word()
        let number = Int64(bitPattern: code >> 1) ^ -Int64(bitPattern: code & 1)
        if number > 0 { return .count(UInt64(number)) }
        guard number > -Self.mostCells else { throw ReportError("the histogram has too many cells") }
        return .empty(number == 0 ? 1 : Int(-number))
    }

    /// The next cell that is not empty; nil at the end.
    ///
    /// Values stop at 2⁵⁰, which no histogram reaches, so that damaged input cannot overflow them.
    ///
    /// - Parameters:
    ///   - position: the lowest value of the cell after the last one; 0 at first.
    ///   - grid: a histogram with the same cells.
    mutating func nextCell(
        from position: inout UInt64, of grid: borrowing Histogram<UInt64>
    ) throws(ReportError) -> HistogramCells.Cell? {
        while let run = try next() {
            switch run {
            case .empty(var cells):
                while cells > 0, position < 1 << 50 {
                    position = grid.nextNonEquivalentForValue(position)
                    cells -= 1
                }
            case .count(let count):
                defer { position = grid.nextNonEquivalentForValue(position) }
                return HistogramCells.Cell(value: position, count: count)
            }
        }
        return nil
    }

    private mutating func word() throws(ReportError) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<9 {
            guard let byte = rest.popFirst() else { throw ReportError("the histogram ends in the middle of a count") }
            if index == 8 { return word | UInt64(byte) << 56 }
            word |= UInt64(byte & 0x7f) << (7 * index)
            if byte < 0x80 { return word }
        }
        return word
    }

    static func encode(_ counts: some Sequence<UInt64>) -> [UInt8] {
        var bytes: [UInt8] = []
        var empty: Int64 = 0
        for count in counts {
            if count == 0 {
                empty += 1
                continue
            }
            if empty > 0 { append(empty == 1 ? 0 : -empty, to: &bytes) }
            empty = 0
            append(Int64(clamping: count), to: &bytes)
        }
        return bytes
    }

    private static func append(_ number: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: number << 1 ^ number >> 63)
        var length = 1
        while rest >= 0x80, length < 9 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
            length += 1
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// A histogram in a few kilobytes instead of a quarter of a megabyte. A bench keeps one for every second, for hours.
struct CompactTimes: Sendable {
    private let counts: [UInt8]
    private let shortest: UInt64
    private let longest: UInt64

    /// - Parameter times: with the cells of ``BenchOutcome/histogram()``.
    init(_ times: Histogram<UInt64>) {
        precondition(
            times.numberOfSignificantValueDigits == .three && times.lowestDiscernibleValue == 1,
            "a histogram has the cells of BenchOutcome.histogram(): 3 digits, from 1 ns on")
        counts = CountRuns.encode(HistogramCells(times).lazy.map(\.count))
        (shortest, longest) = (times.min, times.maxRecorded)
    }

    /// A histogram with the same counts, minimum and maximum.
    var times: Histogram<UInt64> {
        var times = BenchOutcome.histogram()
        record(into: &times)
        return times
    }

    /// Adds the times to a histogram with the same cells, without a histogram in between. The first and last cell get the
    /// exact minimum and maximum, the others their lowest value.
    func record(into times: inout Histogram<UInt64>) {
        let cells = cells(of: times)
        for cell in cells.dropFirst().dropLast() { times.record(cell.value, count: cell.count) }
        guard let first = cells.first, let last = cells.last else { return }
        times.record(longest, count: cells.count == 1 ? 1 : last.count)
        let others = cells.count == 1 ? first.count - 1 : first.count
        if others > 0 { times.record(shortest, count: others) }
    }

    private func cells(of grid: Histogram<UInt64>) -> [HistogramCells.Cell] {
        var cells: [HistogramCells.Cell] = []
        var runs = CountRuns(counts[...])
        var position: UInt64 = 0
        while let cell = try? runs.nextCell(from: &position, of: grid) { cells.append(cell) }
        return cells
    }
}
