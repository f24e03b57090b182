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
            row("echoes", Figures.grouped(report.echoes), "\(Figures.rate(report.echoesPerSecond)) a second"),
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
