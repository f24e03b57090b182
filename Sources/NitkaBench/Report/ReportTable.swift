// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

/// A report in lines for people: what was done, the figures, what went wrong, and whether the run says anything.
///
/// Texts that a server or a file may have had a hand in are escaped.
public struct ReportTable: Sendable {
    let report: BenchReport

    /// A table of the outcome's report.
    public init(_ outcome: BenchOutcome) { self.init(BenchReport(outcome)) }

    /// A table of a report.
    public init(_ report: BenchReport) { self.report = report }

    /// The lines, the verdict last.
    ///
    /// - Parameters:
    ///   - width: the most columns that a line takes, 60 or more; only a word that is wider goes beyond.
    ///   - unicode: may µ be written?
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
