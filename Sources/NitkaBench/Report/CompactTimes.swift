// SPDX-License-Identifier: Apache-2.0

internal import Histogram

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
