// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

/// The times of a report as rows of percentiles.
struct TimesTable {
    typealias Row = (name: String, times: BenchReport.Times?)

    /// The times of whole echoes. In a closed loop, a message is due when it is sent, so there is only one row.
    let rows: [Row]
    /// The times of the parts of a visit.
    let parts: [Row]

    init(_ report: BenchReport) {
        rows =
            report.rateAsked == nil
            ? [("round trip", report.latency)] : [("from due", report.latency), ("from send", report.service)]
        parts = report.parts.map { (EscapedText($0.name, limit: 15).description, $0.times) }
    }

    static let columns = ["p50", "p90", "p99", "p99.9", "max", "mean"]

    func lines(labelWidth: Int) -> [String] {
        let head = TextColumns.left("", labelWidth) + Self.columns.map { TextColumns.right($0, 10) }.joined()
        return [head]
            + (rows + parts).map { row in
                let figures = Self.columns.map { TextColumns.right(Self.figure($0, of: row.times), 10) }
                return TextColumns.left(row.name, labelWidth) + figures.joined()
            }
    }

    static func figure(_ name: String, of times: BenchReport.Times?) -> String {
        times.flatMap { $0[name[...]] }.map { Figures.time($0 * 1000) } ?? "–"
    }
}
