// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

/// A report as text: the plan, the figures, the errors, and the verdict.
///
/// Text that may come from a server or a file is escaped.
public struct ReportTable: Sendable {
    let report: BenchReport

    /// Creates the table of an outcome.
    public init(_ outcome: BenchOutcome) { self.init(BenchReport(outcome)) }

    /// Creates the table of a report.
    public init(_ report: BenchReport) { self.report = report }

    /// The lines of the table; the last one is the verdict.
    ///
    /// - Parameters:
    ///   - width: limit of columns per line, 60 or more. Only a single longer word exceeds it.
    ///   - unicode: false for ASCII only.
    public func lines(width: Int = 80, unicode: Bool = true) -> [String] {
        let lines = [plan, ""] + counts + [""] + times + [""] + verdict
        let wrapped = lines.flatMap { line in
            line.count <= width
                ? [line]
                : TextColumns.wrapped(line, width: width, indent: String(repeating: " ", count: Self.labelWidth))
        }
        return unicode ? wrapped : wrapped.map(TextColumns.ascii)
    }

    private static let labelWidth = 16

    private var plan: String { BenchPlanText(report).sentence }

    private var counts: [String] {
        var lines = [
            row("echoes", Figures.grouped(report.echoes), rate),
            row("bytes", Figures.bytes(Double(report.bytes)), "\(Figures.bytes(report.bytesPerSecond)) a second"),
            row("errors", Figures.grouped(report.errors), kinds),
            row("mismatches", Figures.grouped(report.mismatches), firstMismatch),
            row("generator busy", Figures.share(report.generatorBusy), ""),
        ]
        if report.clients != report.clientsAsked {
            lines.insert(row("clients", "\(report.clients)", "of \(report.clientsAsked)"), at: 0)
        }
        return lines
    }

    private var rate: String {
        report.rateAsked.map { "\(Figures.rate(report.rate))/s achieved of \(Figures.rate($0))" }
            ?? "\(Figures.rate(report.rate)) a second"
    }

    private func row(_ label: String, _ figure: String, _ more: String) -> String {
        let line = TextColumns.left(label, Self.labelWidth) + TextColumns.right(figure, 12)
        return more.isEmpty ? line : line + "   " + more
    }

    private var kinds: String {
        report.errorsByKind.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\(EscapedText($0.key, limit: 60)) \(Figures.grouped($0.value))" }.joined(separator: ", ")
    }

    private var firstMismatch: String {
        report.firstMismatch.map { "the first: \(EscapedText($0))" } ?? ""
    }

    private var times: [String] { TimesTable(report).lines(labelWidth: Self.labelWidth) }

    private var verdict: [String] {
        guard !report.valid else { return [report.interrupted ? "VALID, but ended early" : "VALID"] }
        let reasons = report.invalidReasons.map { "INVALID: \(EscapedText($0))" }
        return reasons.isEmpty ? ["INVALID"] : reasons
    }
}

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

/// The plan of a run as text.
struct BenchPlanText {
    let report: BenchReport

    init(_ report: BenchReport) { self.report = report }

    /// `ping-pong with 127.0.0.1:7007: 50 clients, 64 B a message, at 20,000/s, for 10 s`.
    var sentence: String {
        "\(EscapedText(report.mode)) with \(EscapedText(report.address)): \(parts.joined(separator: ", "))"
    }

    /// The phrases after the colon.
    var parts: [String] {
        var parts = [report.clientsAsked == 1 ? "1 client" : "\(report.clientsAsked) clients"]
        parts.append("\(Self.size(report.size)) a message")
        if report.depth > 1 { parts.append("\(report.depth) in flight") }
        if let rate = report.rateAsked { parts.append("at \(Figures.rate(rate))/s") }
        if report.duration > 0 { parts.append("for \(Figures.time(report.duration * 1e9))") }
        return parts
    }

    /// In KiB or MiB if that is a whole number, as on the command line: `64 B`, `64 KiB`.
    static func size(_ bytes: Int) -> String {
        switch bytes {
        case _ where bytes > 0 && bytes % 1_048_576 == 0: "\(bytes / 1_048_576) MiB"
        case _ where bytes > 0 && bytes % 1024 == 0: "\(bytes / 1024) KiB"
        default: "\(Figures.grouped(UInt64(clamping: bytes))) B"
        }
    }
}
