// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

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
