// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

/// Compares two reports of the same plan, figure by figure.
public struct Comparison: Sendable {
    /// The report of the earlier run.
    public let before: BenchReport
    /// The report of the later run, which is judged.
    public let after: BenchReport

    /// Creates a comparison of two reports.
    public init(before: BenchReport, after: BenchReport) {
        self.before = before
        self.after = after
    }

    /// Why the reports cannot be compared: one of the runs was invalid or had no echo; nil if they can.
    ///
    /// - Parameter names: the names of the files.
    public func obstacle(names: (before: String, after: String)) -> String? {
        for (name, report) in [(names.before, before), (names.after, after)] {
            if !report.valid {
                let reason = report.invalidReasons.first.map { ": \($0)" } ?? ""
                return "\(name) is the report of an invalid run\(reason)"
            }
            if report.latency == nil { return "\(name) is the report of a run without echoes" }
        }
        return nil
    }

    /// How the plans and machines differ, which alone may explain different figures: `clients 50 and 500`.
    public var differences: [String] {
        var found: [String] = []
        func compare(_ name: String, _ of: (BenchReport) -> String) {
            if of(before) != of(after) { found.append("\(name) \(of(before)) and \(of(after))") }
        }
        compare("mode") { $0.mode }
        compare("clients") { "\($0.clientsAsked)" }
        compare("size") { BenchPlanText.size($0.size) }
        compare("depth") { "\($0.depth)" }
        compare("rate") { $0.rateAsked.map(Figures.rate) ?? "none" }
        compare("machine") { $0.machine ?? "unknown" }
        return found
    }

    /// How much worse a figure is, in percent of its earlier value; negative if it is better, nil if it is unknown.
    func worsening(of metric: Metric) -> Double? {
        guard let before = metric.value(in: before), let after = metric.value(in: after) else { return nil }
        let change = metric.kind == .rate ? before - after : after - before
        return change == 0 ? 0 : before == 0 ? (change > 0 ? .infinity : -.infinity) : change / before * 100
    }
}

/// How much worse a figure may become from one report to the next: `p99=10%`, `rate=5%`.
public struct RegressionLimit: Hashable, Sendable, CustomStringConvertible {
    /// The figure.
    public let metric: Metric
    /// The limit in percent of the earlier value.
    public let percent: Double
    /// The text of the limit, which parsing has checked.
    public let description: String

    /// Parses a limit: a name, `=`, and a percentage.
    ///
    /// Errors and mismatches have no such limit: they are usually 0, and 0 has no percentage. Use a ``Gate`` for them.
    ///
    /// - Throws: ``ReportError``, a sentence without a full stop that says what is allowed.
    public init(_ text: String) throws(ReportError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let metric = Metric(parts[0]), metric.kind != .count, parts[1].hasSuffix("%"),
            let percent = Numeral.decimal(parts[1].dropLast())
        else {
            throw ReportError(
                "write a name, =, and how much worse it may become in percent, such as p99=10%; the names are rate, "
                    + "\(Metric.times.joined(separator: ", ")), and the times with service_ before them")
        }
        self.metric = metric
        self.percent = percent
        description = text
    }

    /// How the limit is exceeded: `p99 rose by 12 % (limit 10 %)`; nil if it is not.
    public func complaint(about comparison: Comparison) -> String? {
        guard let worse = comparison.worsening(of: metric) else {
            return "\(metric.name) is unknown in one of the reports"
        }
        guard worse > percent else { return nil }
        let limit = "\(Figures.decimal(percent, places: 6)) %"
        let short = "\(Figures.significant(worse)) %"
        let change = short == limit ? "\(Figures.decimal(worse, places: 6)) %" : short
        return "\(metric.name) \(metric.kind == .rate ? "fell" : "rose") by \(change) (limit \(limit))"
    }
}

/// A comparison as text: before, after, and the change of each figure.
public struct ComparisonTable: Sendable {
    private let comparison: Comparison

    /// Creates the table of a comparison.
    public init(_ comparison: Comparison) { self.comparison = comparison }

    /// The lines.
    ///
    /// - Parameters:
    ///   - width: limit of columns per line, 60 or more.
    ///   - unicode: false for ASCII only.
    public func lines(width: Int = 80, unicode: Bool = true) -> [String] {
        let differences = comparison.differences.map { EscapedText($0).description }.joined(separator: "; ")
        let note = differences.isEmpty ? [] : TextColumns.wrapped("the runs differ: \(differences)", width: width)
        let head = line("", "before", "after", "change")
        let lines = note + [head] + metrics.map(row)
        return unicode ? lines : lines.map(TextColumns.ascii)
    }

    /// Times from when a message was sent are shown only for open loops: for closed loops they repeat the others.
    private var metrics: [Metric] {
        let isOpen = comparison.before.rateAsked != nil || comparison.after.rateAsked != nil
        return Metric.all.filter { isOpen || !$0.name.hasPrefix(Metric.servicePrefix) }
    }

    private func row(_ metric: Metric) -> String {
        let before = metric.value(in: comparison.before)
        let after = metric.value(in: comparison.after)
        let figures = [(before, comparison.before), (after, comparison.after)].map { text($0.0, metric, of: $0.1) }
        return line(metric.name, figures[0], figures[1], change(before, after))
    }

    private func text(_ value: Double?, _ metric: Metric, of report: BenchReport) -> String {
        guard let value else { return "–" }
        return switch metric.kind {
        case .time: Figures.time(value * 1000)
        case .rate: Figures.rate(value)
        case .count: Figures.grouped(report[count: metric])
        }
    }

    /// `+12 %`; empty for no change, and for a change from 0.
    private func change(_ before: Double?, _ after: Double?) -> String {
        guard let before, let after, before != after, before != 0 else { return "" }
        let percent = (after - before) / before * 100
        return (percent > 0 ? "+" : "") + "\(Figures.significant(percent)) %"
    }

    private func line(_ name: String, _ before: String, _ after: String, _ change: String) -> String {
        let columns = [before, after, change].map { TextColumns.right($0, 14) }.joined()
        return (TextColumns.left(name, 16) + columns).trimmingEnd()
    }
}

extension String {
    /// The text without trailing spaces.
    func trimmingEnd() -> String { String(reversed().drop { $0 == " " }.reversed()) }
}
