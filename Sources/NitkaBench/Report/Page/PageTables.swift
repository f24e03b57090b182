// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

/// The tables of the page.
struct PageTables {
    let report: BenchReport

    init(_ report: BenchReport) { self.report = report }

    var markup: String {
        let table = TimesTable(report)
        return """
            <section class="tables" aria-label="Tables">
            \(times("Times", table.rows))
            \(table.parts.isEmpty ? "" : times("Parts of a visit", table.parts))
            \(counts)
            </section>
            """
    }

    /// The percentiles are rows, because the columns must fit on a phone.
    private func times(_ caption: String, _ rows: [TimesTable.Row]) -> String {
        let head = rows.map { "<th scope=\"col\">\(Markup.escaped($0.name))</th>" }.joined()
        let body = TimesTable.columns.map { column in
            let cells = rows.map { "<td>\(Markup.escaped(TimesTable.figure(column, of: $0.times)))</td>" }.joined()
            return "<tr><th scope=\"row\">\(column)</th>\(cells)</tr>"
        }
        return table("times", caption, "<tr><td></td>\(head)</tr>", body)
    }

    private var counts: String {
        var rows = [
            ("clients", "\(report.clients) of \(report.clientsAsked)"), ("echoes", Figures.grouped(report.echoes)),
            ("bytes", Figures.bytes(Double(report.bytes))), ("errors", Figures.grouped(report.errors)),
        ]
        let kinds = report.errorsByKind.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        rows += kinds.map { ("– \(Markup.foreign($0.key))", Figures.grouped($0.value)) }
        rows.append(("mismatches", Figures.grouped(report.mismatches)))
        if let first = report.firstMismatch { rows.append(("– the first", Markup.foreign(first))) }
        rows.append(("generator busy", Markup.escaped(Figures.share(report.generatorBusy))))
        return table("counts", "Counts", nil, rows.map { "<tr><th scope=\"row\">\($0.0)</th><td>\($0.1)</td></tr>" })
    }

    private func table(_ style: String, _ caption: String, _ head: String?, _ rows: [String]) -> String {
        let head = head.map { "<thead>\($0)</thead>" } ?? ""
        return
            "<table class=\"\(style)\"><caption>\(caption)</caption>\(head)<tbody>\n\(rows.joined(separator: "\n"))\n</tbody></table>"
    }
}
