// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

/// A limit on a figure of a report: `p99>5ms`, `errors>0.1%`, `rate<50k`.
///
/// As a gate, it states what must not be true, see ``isCrossed(by:)``. The search for the highest rate uses the same
/// notation for what must be true (`p99<10ms`), see ``isMet(by:)``.
public struct Gate: Hashable, Sendable, CustomStringConvertible {
    /// The figure.
    public let metric: Metric
    /// The side of the limit that the condition names.
    let side: Side
    /// In microseconds, echoes per second, a count, or percent of the echoes.
    let limit: Double
    /// True if the limit is in percent of the echoes.
    let isShare: Bool
    /// The text of the gate, which parsing has checked.
    public let description: String

    enum Side: Character {
        case above = ">"
        case below = "<"
    }

    /// True if the figure is on that side of the limit; false without an echo.
    public func isMet(by report: BenchReport) -> Bool {
        guard let value = value(in: report) else { return false }
        return side == .above ? value > limit : value < limit
    }

    /// True if the figure is on that side of the limit, or if there is no figure because no echo came back.
    public func isCrossed(by report: BenchReport) -> Bool { value(in: report) == nil || isMet(by: report) }

    private func value(in report: BenchReport) -> Double? {
        guard isShare else { return metric.value(in: report) }
        guard let count = metric.value(in: report), count > 0 else { return 0 }
        return report.echoes == 0 ? .infinity : count * 100 / Double(report.echoes)
    }

    /// Why the gate is crossed: `p99 is 6.31 ms, more than 5 ms`; nil if it is not.
    public func complaint(about report: BenchReport) -> String? {
        guard isCrossed(by: report) else { return nil }
        guard let value = value(in: report) else { return "\(metric.name) is not known, since no echo came back" }
        let verb = metric.kind == .count ? "are" : "is"
        return
            "\(metric.name) \(verb) \(text(value, in: report)), \(side == .above ? "more" : "less") than \(limitText)"
    }

    private func text(_ value: Double, in report: BenchReport) -> String {
        switch metric.kind {
        case .time: finer(Figures.time(value * 1000), than: limitText) { "\(Figures.decimal(value, places: 3)) µs" }
        case .rate: finer(Figures.rate(value), than: limitText) { Figures.decimal(value, places: 3) } + " echoes/s"
        case .count: isShare ? shareText(value, in: report) : Figures.grouped(report[count: metric])
        }
    }

    private func shareText(_ value: Double, in report: BenchReport) -> String {
        let share = finer("\(Figures.significant(value)) %", than: limitText) {
            "\(Figures.decimal(value, places: 6)) %"
        }
        return "\(Figures.grouped(report[count: metric])) for \(Figures.grouped(report.echoes)) echoes"
            + (value.isFinite ? " (\(share))" : "")
    }

    private var limitText: String {
        switch metric.kind {
        case .time: Figures.time(limit * 1000)
        case .rate: Figures.rate(limit)
        case .count: isShare ? "\(Figures.decimal(limit, places: 6)) %" : Figures.decimal(limit, places: 0)
        }
    }

    /// More digits if 3 would read as `5 ms, more than 5 ms`.
    private func finer(_ short: String, than limit: String, _ more: () -> String) -> String {
        short == limit ? more() : short
    }
}

extension BenchReport {
    subscript(count metric: Metric) -> UInt64 { metric.name == "errors" ? errors : mismatches }
}
