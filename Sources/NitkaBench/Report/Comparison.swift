// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

/// Two reports of the same plan, figure by figure: did the second get worse?
public struct Comparison: Sendable {
    /// The report that is measured against.
    public let before: BenchReport
    /// The report that is judged.
    public let after: BenchReport

    /// A comparison of two reports.
    public init(before: BenchReport, after: BenchReport) {
        self.before = before
        self.after = after
    }

    /// Why the two can't be compared at all: either was invalid, or had no echo. Nil when they can.
    ///
    /// - Parameter names: what the two are called, the files' names.
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

    /// In what the two plans differ, so that the figures may differ for that alone: `clients 50 and 500`.
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

    /// How much worse a figure is, in percent of what it was; below 0 when it is better, nil when it is not known.
    func worsening(of measure: Measure) -> Double? {
        guard let before = measure.value(in: before), let after = measure.value(in: after) else { return nil }
        let change = measure.kind == .rate ? before - after : after - before
        return change == 0 ? 0 : before == 0 ? (change > 0 ? .infinity : -.infinity) : change / before * 100
    }
}
