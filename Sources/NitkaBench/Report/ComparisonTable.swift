// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

/// A comparison in lines for people: before, after, and the change of each figure.
public struct ComparisonTable: Sendable {
    private let comparison: Comparison

    /// A table of a comparison.
    public init(_ comparison: Comparison) { self.comparison = comparison }

    /// The lines.
    ///
    /// - Parameters:
    ///   - width: the most columns that a line takes, 60 or more.
    ///   - unicode: may µ be written?
    public func lines(width: Int = 80, unicode: Bool = true) -> [String] {
        let differences = comparison.differences.map { EscapedText($0).description }.joined(separator: "; ")
        let note = differences.isEmpty ? [] : TextColumns.wrapped("the runs differ: \(differences)", width: width)
        let head = line("", "before", "after", "change")
        let lines = note + [head] + measures.map(row)
        return unicode ? lines : lines.map(TextColumns.ascii)
    }

    /// Times from send are told where messages were due on a schedule: elsewhere they say the same again.
    private var measures: [Measure] {
        let isOpen = comparison.before.rateAsked != nil || comparison.after.rateAsked != nil
        return Measure.all.filter { isOpen || !$0.name.hasPrefix(Measure.servicePrefix) }
    }

    private func row(_ measure: Measure) -> String {
        let before = measure.value(in: comparison.before)
        let after = measure.value(in: comparison.after)
        let figures = [(before, comparison.before), (after, comparison.after)].map { told($0.0, measure, of: $0.1) }
        return line(measure.name, figures[0], figures[1], change(before, after))
    }

    private func told(_ value: Double?, _ measure: Measure, of report: BenchReport) -> String {
        guard let value else { return "–" }
        return switch measure.kind {
        case .time: Figures.time(value * 1000)
        case .rate: Figures.rate(value)
        case .count: Figures.grouped(report[count: measure])
        }
    }

    /// `+12 %`; nothing where it is none, or of 0.
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
    /// Without spaces at its end.
    func trimmingEnd() -> String { String(reversed().drop { $0 == " " }.reversed()) }
}
