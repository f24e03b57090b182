// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

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
