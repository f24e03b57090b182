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
            ("echoes/s", Figures.rate(report.echoesPerSecond), ""),
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
