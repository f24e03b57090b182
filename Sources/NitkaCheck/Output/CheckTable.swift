// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

/// A report as text for people: one row for each stage, then the verdict.
///
/// Text that may come from a user, a resolver or a server is escaped.
public struct CheckTable: Sendable {
    let report: CheckReport

    /// Creates the table of a report.
    public init(_ report: CheckReport) { self.report = report }

    /// The lines of the table. The verdict is last.
    ///
    /// - Parameters:
    ///   - width: the maximum number of columns; only a single word that is longer exceeds it.
    ///   - unicode: whether the lines may contain characters beyond ASCII, such as µ.
    public func lines(width: Int = 80, unicode: Bool = true) -> [String] {
        var rows = CheckRows(width: width, unicode: unicode)
        let lines = report.stages.flatMap { rows.add($0) } + rows.end()
        return lines + verdictLines(width: width, unicode: unicode)
    }

    /// The last lines of the table: the verdict.
    ///
    /// - Parameters: as for ``lines(width:unicode:)``.
    public func verdictLines(width: Int = 80, unicode: Bool = true) -> [String] {
        let lines = TextColumns.wrapped(verdict, width: width)
        return unicode ? lines : lines.map(TextColumns.ascii)
    }

    /// The verdict as one sentence that begins with `PASS`, `FAIL` or `could not be judged`.
    public var verdict: String {
        switch report.verdict {
        case .passed: "PASS: \(success)\(remarks)"
        case .failed: "FAIL: \(fault)\(report.failures.first?.stage == .connect ? "" : remarks)"
        case .notJudged: "could not be judged: \(obstacle)"
        }
    }

    private var success: String {
        if report[.echo]?.reason == .blocked { return "the path is blocked, as expected" }
        if report[.together]?.outcome == .passed, report[.crossTalk]?.outcome == .passed {
            return report.clients == 1
                ? "1 client was served, with its own bytes"
                : "\(report.clients) clients were served at the same time, each with its own bytes"
        }
        let stages = report.stages.filter { $0.outcome == .passed }.map(\.stage.rawValue)
        return stages.joined(separator: ", ")
    }

    /// What the verdict must not hide: addresses that failed, and slow connecting.
    private var remarks: String {
        let failed = report.addresses.filter { $0.reason != nil }
        var remarks = ""
        if !failed.isEmpty, failed.count < report.addresses.count {
            let list = failed.map { "\($0.address) \($0.reason?.rawValue ?? "")" }.joined(separator: ", ")
            remarks = "; \(failed.count) of \(report.addresses.count) addresses failed: \(list)"
        }
        if let slowest = report.slowestConnect, slowest.duration >= StageReport.notableConnect {
            remarks += "; slowest connect \(Figures.time(slowest.duration)), in \(slowest.stage.rawValue)"
        }
        return remarks
    }

    private var fault: String {
        guard let first = report.failures.first else { return "" }
        let others = report.failures.count - 1
        let more =
            others == 0 ? "" : others == 1 ? "; 1 other stage failed" : "; \(others) other stages failed"
        if first.reason == .waitsForOthers {
            return "clients wait for one another: one got its reply only after another had closed its connection\(more)"
        }
        return "\(first.stage.rawValue): \(EscapedText(first.finding, limit: 400))\(more)"
    }

    private var obstacle: String {
        let stage = report.failures.first ?? report.leftOut.first
        return stage.map { EscapedText($0.finding, limit: 400).description } ?? ""
    }
}

/// The rows of a ``CheckTable``, one by one while the check runs.
///
/// Consecutive stages that are skipped with the same finding share a row. That row is complete only when the next
/// different stage, or the end, follows.
public struct CheckRows: Sendable {
    private let width: Int
    private let unicode: Bool
    private var skipped: (first: StageReport, last: StageReport)?

    /// Creates an empty table.
    ///
    /// - Parameters: as for ``CheckTable/lines(width:unicode:)``.
    public init(width: Int = 80, unicode: Bool = true) {
        self.width = width
        self.unicode = unicode
    }

    /// Adds a stage, and returns the lines that are complete.
    public mutating func add(_ stage: StageReport) -> [String] {
        if let row = skipped, stage.outcome == .skipped, stage.finding == row.first.finding {
            skipped = (row.first, stage)
            return []
        }
        let before = end()
        if stage.outcome == .skipped {
            skipped = (stage, stage)
            return before
        }
        let head =
            TextColumns.left(stage.outcome.rawValue.uppercased(), 6) + TextColumns.left(stage.stage.rawValue, 12)
            + TextColumns.right(Figures.time(stage.duration), 9)
        return before + row(head, stage)
    }

    /// Returns the remaining lines after the last stage.
    public mutating func end() -> [String] {
        guard let (first, last) = skipped else { return [] }
        skipped = nil
        let names = first.stage == last.stage ? [first] : [first, last]
        return row("SKIP  " + names.map(\.stage.rawValue).joined(separator: " … "), first)
    }

    private static let findingColumn = 29
    /// With fewer columns than these, a finding begins on its own line.
    private static let minimumWidth = 60

    private func row(_ head: String, _ stage: StageReport) -> [String] {
        let isNarrow = width < Self.minimumWidth
        let column = isNarrow ? 6 : Self.findingColumn
        let indent = String(repeating: " ", count: column)
        let texts = TextColumns.wrapped(finding(of: stage), width: width - column, indent: "")
        var lines = texts.map { indent + $0 }
        if isNarrow {
            lines.insert(head, at: 0)
        } else {
            lines[0] = TextColumns.left(head, column) + texts[0]
        }
        return unicode ? lines : lines.map(TextColumns.ascii)
    }

    private func finding(of stage: StageReport) -> String {
        let finding = EscapedText(stage.finding, limit: 400).description
        guard stage.outcome == .failed, let reason = stage.reason else { return finding }
        return "\(reason): \(finding)"
    }
}

extension Figures {
    /// A duration, formatted as by ``time(_:)-(Double)``.
    static func time(_ duration: Duration) -> String { time(duration / .nanoseconds(1)) }
}
