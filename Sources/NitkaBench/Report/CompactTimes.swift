// SPDX-License-Identifier: Apache-2.0

internal import Histogram

/// A histogram in a few kilobytes, where its array has a quarter of a megabyte: a bench keeps one for every second, for
/// hours.
struct CompactTimes: Sendable {
    private let counts: [UInt8]
    private let shortest: UInt64
    private let longest: UInt64

    /// - Parameter times: with the cells of ``BenchOutcome/histogram()``.
    init(_ times: Histogram<UInt64>) {
        precondition(
            times.numberOfSignificantValueDigits == .three && times.lowestDiscernibleValue == 1,
            "times have three digits, from a nanosecond on, as those of BenchOutcome.histogram()")
        counts = CountRuns.encode(HistogramCells(times).lazy.map(\.count))
        (shortest, longest) = (times.min, times.maxRecorded)
    }

    /// The same counts, and the same extremes.
    var times: Histogram<UInt64> {
        var times = BenchOutcome.histogram()
        record(into: &times)
        return times
    }

    /// Adds them to others with the same cells, without a histogram of their own. A cell is known by one value of it, and
    /// of the first and the last cell that is the very shortest and longest time.
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
