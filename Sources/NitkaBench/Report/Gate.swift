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

    /// Why the condition is not met: `p99 is 6.31 ms`.
    public func shortfall(of report: BenchReport) -> String {
        guard let value = value(in: report) else { return "no echo came back" }
        return "\(metric.name) \(metric.kind == .count ? "are" : "is") \(text(value, in: report))"
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

extension Gate {
    /// Parses a gate: a name, `>` or `<`, and a limit with its unit.
    ///
    /// - Throws: ``ReportError``, a sentence without a full stop that says what is allowed.
    public init(_ text: String) throws(ReportError) {
        guard let mark = text.firstIndex(where: { Side(rawValue: $0) != nil }), let side = Side(rawValue: text[mark]),
            let metric = Metric(text[..<mark])
        else { throw ReportError(Self.allowed) }
        let (number, unit) = Numeral.split(text[text.index(after: mark)...])
        guard let value = Numeral.decimal(number), let limit = Self.limit(value, unit, of: metric) else {
            throw ReportError(Self.allowed(for: metric))
        }
        self.metric = metric
        self.side = side
        self.limit = limit
        isShare = unit == "%"
        description = text
    }

    /// Parses the condition of a search for the highest rate: the upper limit of a time, of errors or of mismatches.
    ///
    /// A search for the highest rate at which a time is *long* would find one at any overload.
    ///
    /// - Throws: ``ReportError``, a sentence without a full stop that shows the condition that is meant.
    public init(searchCondition text: String) throws(ReportError) {
        try self.init(text)
        if metric.kind == .rate {
            throw ReportError("the search finds the rate itself: write the upper limit of a time, such as p99<10ms")
        }
        if side == .above {
            let limit = limit == 0 ? "\(metric.name)<1" : text.replacing(">", with: "<")
            throw ReportError("the search needs an upper limit, which holds up to a rate: write \(limit)")
        }
    }

    /// Converts a limit to the metric's own unit; nil for a unit that the metric does not have.
    private static func limit(_ value: Double, _ unit: Substring, of metric: Metric) -> Double? {
        switch (metric.kind, unit) {
        case (.time, "us"), (.time, "\u{b5}s"), (.time, "\u{3bc}s"): value
        case (.time, "ms"): value * 1000
        case (.time, "s"): value * 1e6
        case (.rate, ""): value
        case (.rate, "k"): value * 1000
        case (.rate, "M"): value * 1e6
        case (.count, ""): value == value.rounded() ? value : nil
        case (.count, "%"): metric.name == "errors" ? value : nil
        default: nil
        }
    }

    private static let allowed =
        "write a name, > or <, and a limit, such as p99>5ms; the names are "
        + "rate, errors, mismatches, \(Metric.times.joined(separator: ", ")), and the times with service_ before them"

    private static func allowed(for metric: Metric) -> String {
        switch metric.kind {
        case .time: "the limit of \(metric.name) is a number with a unit (us, ms, s), such as \(metric.name)>5ms"
        case .rate: "the limit of rate is a number, with k or M for thousands or millions, such as rate<50k"
        case .count where metric.name == "errors":
            "the limit of errors is a whole number, or a percentage of the echoes, such as errors>0.1%"
        case .count: "the limit of \(metric.name) is a whole number, such as \(metric.name)>0"
        }
    }
}
