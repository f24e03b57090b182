// SPDX-License-Identifier: Apache-2.0

internal import Nitka

/// The times of a report by their percentiles.
struct TimesTable {
    /// What was timed, in the words of the mode, and the times.
    let rows: [(name: String, times: BenchReport.Times?)]

    /// In a closed loop a message is due when it is sent, so there is one row and not two that say the same.
    init(_ report: BenchReport) {
        let isOpen = report.rateAsked != nil
        var rows: [(String, BenchReport.Times?)] = [(isOpen ? "from due" : "round trip", report.latency)]
        if isOpen { rows.append(("from send", report.service)) }
        self.rows = rows + report.parts.map { (EscapedText($0.name, limit: 15).description, $0.times) }
    }

    static let columns = ["p50", "p90", "p99", "p99.9", "max", "mean"]

    func lines(labelWidth: Int) -> [String] {
        let head = TextColumns.left("", labelWidth) + Self.columns.map { TextColumns.right($0, 10) }.joined()
        return [head]
            + rows.map { row in
                let figures = Self.columns.map { TextColumns.right(Self.figure($0, of: row.times), 10) }
                return TextColumns.left(row.name, labelWidth) + figures.joined()
            }
    }

    static func figure(_ name: String, of times: BenchReport.Times?) -> String {
        times.flatMap { $0[name[...]] }.map { Figures.time($0 * 1000) } ?? "–"
    }
}
