// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

/// The figures of one histogram as text.
public struct TimesSummaryTable: Sendable {
    private let summary: TimeSummary

    /// Creates the table of a summary.
    public init(_ summary: TimeSummary) { self.summary = summary }

    /// The lines.
    ///
    /// - Parameter unicode: false for ASCII only.
    public func lines(unicode: Bool = true) -> [String] {
        let times = BenchReport.Times(summary)
        let rows = TimesTable.columns.map { ($0, TimesTable.figure($0, of: times)) }
        let lines = ([("count", Figures.grouped(summary.count))] + rows).map { name, figure in
            TextColumns.left(name, 10) + TextColumns.right(figure, 14)
        }
        return unicode ? lines : lines.map(TextColumns.ascii)
    }
}
