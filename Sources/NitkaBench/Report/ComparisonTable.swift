// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

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
