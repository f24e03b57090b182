// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

/// A report in lines for people: a line for each stage, and the verdict last.
///
/// Texts that a user, a resolver or a server may have had a hand in are escaped.
public struct CheckTable: Sendable {
    let report: CheckReport

    /// A table of a report.
    public init(_ report: CheckReport) { self.report = report }

    /// The lines, the verdict last.
    ///
    /// - Parameters:
    ///   - width: the most columns that a line takes; only a word that is wider goes beyond.
    ///   - unicode: may µ be written?
    public func lines(width: Int = 80, unicode: Bool = true) -> [String] {
        var rows = CheckRows(width: width, unicode: unicode)
        let lines = report.stages.flatMap { rows.add($0) } + rows.end()
        return lines + verdictLines(width: width, unicode: unicode)
    }

    /// The verdict alone, which ends the table.
    public func verdictLines(width: Int = 80, unicode: Bool = true) -> [String] {
        let lines = TextColumns.wrapped(verdict, width: width)
        return unicode ? lines : lines.map(TextColumns.ascii)
    }

    /// One sentence that begins with `PASS`, `FAIL`, or `could not be judged`.
    public var verdict: String {
        switch report.verdict {
        case .passed: "PASS: \(merit)"
        case .failed: "FAIL: \(fault)"
        case .notJudged: "could not be judged: \(obstacle)"
        }
    }

    private var merit: String {
        if report[.echo]?.reason == .blocked { return "the path is blocked, as it was to be" }
        if report[.together]?.outcome == .passed, report[.crossTalk]?.outcome == .passed {
            return "\(report.clients) clients were served at the same time, each with its own bytes"
        }
        let stages = report.stages.filter { $0.outcome == .passed }.map(\.stage.rawValue)
        return stages.joined(separator: ", ")
    }

    private var fault: String {
        guard let first = report.failures.first else { return "" }
        let others = report.failures.count - 1
        let more = others == 0 ? "" : others == 1 ? ", and another stage failed" : ", and \(others) more stages failed"
        if first.reason == .waitsForOthers {
            return "clients wait for one another: one was answered only when another had left\(more)"
        }
        return "\(first.stage.rawValue): \(EscapedText(first.finding, limit: 400))\(more)"
    }

    private var obstacle: String {
        let stage = report.failures.first ?? report.leftOut.first
        return stage.map { EscapedText($0.finding, limit: 400).description } ?? ""
    }
}
