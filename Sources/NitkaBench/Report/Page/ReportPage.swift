// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

/// The report of a run as a self-contained HTML page: no network, no scripts, in light or dark mode.
public struct ReportPage: Sendable {
    private let outcome: BenchOutcome
    private let report: BenchReport

    /// Creates the page of an outcome.
    public init(_ outcome: BenchOutcome) {
        self.outcome = outcome
        report = BenchReport(outcome)
    }

    /// The text of the page.
    public var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(report.valid ? "" : "INVALID: ")\(title)</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <main>
        \(head)
        \(headline)
        <section class="charts" aria-label="Charts">
        \(charts)
        </section>
        \(PageTables(report).markup)
        <footer>Made by nitka bench. Times have 3 significant digits. \(footnote)</footer>
        </main>
        </body>
        </html>

        """
    }

    private var title: String { "\(Markup.foreign(report.mode)) with \(Markup.foreign(report.address))" }

    private var head: String {
        let machine = report.machine.map { "<p class=\"quiet\">\(Markup.foreign($0))</p>" } ?? ""
        return """
            <header>
            <p class="quiet">nitka bench, \(Markup.foreign(report.began))</p>
            <h1>\(title)</h1>
            <p>\(Markup.escaped(BenchPlanText(report).parts.joined(separator: ", ")))</p>
            \(machine)
            \(verdict)
            </header>
            """
    }

    private var verdict: String {
        guard !report.valid else {
            return "<p class=\"verdict valid\">VALID\(report.interrupted ? ", but ended early" : "")</p>"
        }
        let reasons = report.invalidReasons.map { "<li>\(Markup.foreign($0))</li>" }.joined()
        return """
            <div class="verdict invalid" role="alert"><strong>INVALID</strong>
            <p>These figures say nothing about the server:</p><ul>\(reasons)</ul></div>
            """
    }

    private var headline: String {
        let latency = report.latency
        let failed = report.errors + report.mismatches > 0
        let figures = [
            ("echoes/s", Figures.rate(report.rate), ""),
            ("bytes/s", Figures.bytes(report.bytesPerSecond), ""),
            ("p50", TimesTable.figure("p50", of: latency), ""), ("p99", TimesTable.figure("p99", of: latency), ""),
            ("max", TimesTable.figure("max", of: latency), ""),
            ("errors", Figures.grouped(report.errors), failed && report.errors > 0 ? "bad" : ""),
            ("mismatches", Figures.grouped(report.mismatches), report.mismatches > 0 ? "bad" : ""),
            ("generator busy", Figures.share(report.generatorBusy), report.generatorBusy > 0.9 ? "bad" : ""),
        ]
        let entries = figures.map { "<div class=\"\($0.2)\"><dt>\($0.0)</dt><dd>\(Markup.escaped($0.1))</dd></div>" }
        return "<dl class=\"headline\">\n\(entries.joined(separator: "\n"))\n</dl>"
    }

    private var charts: String {
        let overTime = OverTime(Timeline(outcome.seconds))
        let distribution = Distribution(outcome)
        let charts = [overTime?.rate, overTime?.percentiles, distribution?.curve, distribution?.histogram]
        return charts.enumerated().map { $1?.markup(id: "c\($0)") ?? "" }.joined()
    }

    private var footnote: String {
        report.rateAsked == nil
            ? "In a closed loop, a client sends its next message after the echo: while the server stalls, nothing is sent "
                + "and nothing is late. To see how long callers wait at a given rate, use --rate."
            : "Times count from when a message was due, even if it was sent later."
    }
}

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
