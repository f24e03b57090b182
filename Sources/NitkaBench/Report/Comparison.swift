// SPDX-License-Identifier: Apache-2.0

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
