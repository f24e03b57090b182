// SPDX-License-Identifier: Apache-2.0

internal import Nitka

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
    ///   - width: the most columns that a line takes, 60 or more; only a word that is wider goes beyond.
    ///   - unicode: may µ be written?
    public func lines(width: Int = 80, unicode: Bool = true) -> [String] {
        let indent = String(repeating: " ", count: Self.findingColumn)
        var lines: [String] = []
        for (first, last) in rows {
            let texts = TextColumns.wrapped(finding(of: first), width: width - Self.findingColumn, indent: "")
            lines.append(head(first, last) + (texts.first ?? ""))
            lines += texts.dropFirst().map { indent + $0 }
        }
        lines += TextColumns.wrapped(verdict, width: width)
        return unicode ? lines : lines.map(TextColumns.ascii)
    }

    private static let findingColumn = 29

    /// Stages that were skipped one after another for the same reason share a row.
    private var rows: [(first: StageReport, last: StageReport)] {
        var rows: [(first: StageReport, last: StageReport)] = []
        for stage in report.stages {
            if let row = rows.last, stage.outcome == .skipped, row.first.outcome == .skipped,
                stage.finding == row.first.finding
            {
                rows[rows.count - 1].last = stage
            } else {
                rows.append((stage, stage))
            }
        }
        return rows
    }

    private func head(_ first: StageReport, _ last: StageReport) -> String {
        let outcome = TextColumns.left(first.outcome.rawValue.uppercased(), 6)
        if first.outcome != .skipped {
            return outcome + TextColumns.left(first.stage.rawValue, 12)
                + TextColumns.right(Figures.time(first.duration), 9) + "  "
        }
        let names = first.stage == last.stage ? [first] : [first, last]
        return outcome + TextColumns.left(names.map(\.stage.rawValue).joined(separator: " … "), 23)
    }

    private func finding(of stage: StageReport) -> String {
        let finding = EscapedText(stage.finding, limit: 400).description
        guard stage.outcome == .failed, let reason = stage.reason else { return finding }
        return "\(reason): \(finding)"
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
        let stage = report.failures.first ?? report.stages.first { $0.reason == .noThread || $0.reason == .cancelled }
        return stage.map { EscapedText($0.finding, limit: 400).description } ?? ""
    }
}
