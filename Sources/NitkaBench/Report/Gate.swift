// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

/// A limit on a figure of a report, as it is written: `p99>5ms`, `errors>0.1%`, `rate<50k`.
///
/// What stands there is what must not be. The search for the highest rate writes what must be in the same way
/// (`p99<10ms`), and asks ``isMet(by:)``.
public struct Gate: Hashable, Sendable, CustomStringConvertible {
    /// Which figure.
    public let measure: Measure
    /// `>` or `<`: which side of the limit is meant.
    let side: Side
    /// In the unit of the measure: microseconds, echoes a second, a number, or percent.
    let limit: Double
    /// Is the limit a share of the echoes in percent?
    let isShare: Bool
    /// As it was written, which by then has nothing odd in it.
    public let description: String

    enum Side: Character {
        case above = ">"
        case below = "<"
    }

    /// Does the figure stand on that side of the limit? Not when there is none, since no echo came back.
    public func isMet(by report: BenchReport) -> Bool {
        guard let value = value(in: report) else { return false }
        return side == .above ? value > limit : value < limit
    }

    /// Is the gate crossed? Also when no echo came back, which is no time, and no good one.
    public func isCrossed(by report: BenchReport) -> Bool { value(in: report) == nil || isMet(by: report) }

    private func value(in report: BenchReport) -> Double? {
        guard isShare else { return measure.value(in: report) }
        guard let count = measure.value(in: report), count > 0 else { return 0 }
        return report.echoes == 0 ? .infinity : count * 100 / Double(report.echoes)
    }

    /// What is wrong, when it is crossed: `p99 is 6.31 ms, more than 5 ms`; nil when it is not.
    public func complaint(about report: BenchReport) -> String? {
        guard isCrossed(by: report) else { return nil }
        guard let value = value(in: report) else { return "\(measure.name) is not known, since no echo came back" }
        let verb = measure.kind == .count ? "are" : "is"
        return
            "\(measure.name) \(verb) \(told(value, in: report)), \(side == .above ? "more" : "less") than \(toldLimit)"
    }

    private func told(_ value: Double, in report: BenchReport) -> String {
        switch measure.kind {
        case .time: finer(Figures.time(value * 1000), than: toldLimit) { "\(Figures.decimal(value, places: 3)) µs" }
        case .rate: finer(Figures.rate(value), than: toldLimit) { Figures.decimal(value, places: 3) } + " echoes/s"
        case .count: isShare ? toldShare(value, in: report) : Figures.grouped(report[count: measure])
        }
    }

    private func toldShare(_ value: Double, in report: BenchReport) -> String {
        let share = finer("\(Figures.significant(value)) %", than: toldLimit) {
            "\(Figures.decimal(value, places: 6)) %"
        }
        return "\(Figures.grouped(report[count: measure])) for \(Figures.grouped(report.echoes)) echoes"
            + (value.isFinite ? " (\(share))" : "")
    }

    private var toldLimit: String {
        switch measure.kind {
        case .time: Figures.time(limit * 1000)
        case .rate: Figures.rate(limit)
        case .count: isShare ? "\(Figures.decimal(limit, places: 6)) %" : Figures.decimal(limit, places: 0)
        }
    }

    /// More figures where three would read as `5 ms, more than 5 ms`.
    private func finer(_ text: String, than limit: String, _ more: () -> String) -> String {
        text == limit ? more() : text
    }
}

extension BenchReport {
    subscript(count measure: Measure) -> UInt64 { measure.name == "errors" ? errors : mismatches }
}
