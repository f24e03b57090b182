// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

/// How much worse a figure may get from one report to the next, as it is written: `p99=10%`, `rate=5%`.
public struct RegressionLimit: Hashable, Sendable, CustomStringConvertible {
    /// Which figure.
    public let measure: Measure
    /// In percent of what it was.
    public let percent: Double
    /// As it was written, which by then has nothing odd in it.
    public let description: String

    /// Reads a limit: a name, `=`, a percentage, and nothing else.
    ///
    /// Errors and mismatches have none: they are mostly 0, and of 0 there is no percentage. Gates judge them.
    ///
    /// - Throws: ``ReportError``, a sentence without its full stop that says what is allowed.
    public init(_ text: String) throws(ReportError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let measure = Measure(parts[0]), measure.kind != .count, parts[1].hasSuffix("%"),
            let percent = Numeral.decimal(parts[1].dropLast())
        else {
            throw ReportError(
                "it is a name, =, and how much worse it may get in percent, such as p99=10%; the names are rate, "
                    + "\(Measure.times.joined(separator: ", ")), and the times with service_ before them")
        }
        self.measure = measure
        self.percent = percent
        description = text
    }

    /// What is wrong, when the limit is crossed: `p99 got 12 % worse, more than 10 %`; nil when it is not.
    public func complaint(about comparison: Comparison) -> String? {
        guard let worse = comparison.worsening(of: measure) else {
            return "\(measure.name) is not known in both reports"
        }
        guard worse > percent else { return nil }
        let limit = "\(Figures.decimal(percent, places: 6)) %"
        let told = "\(Figures.significant(worse)) %"
        return
            "\(measure.name) got \(told == limit ? "\(Figures.decimal(worse, places: 6)) %" : told) worse, more than \(limit)"
    }
}
