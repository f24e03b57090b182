// SPDX-License-Identifier: Apache-2.0

/// A figure of a report that gates and comparisons can name.
public struct Metric: Hashable, Sendable {
    /// `p99`, `service_p99.9`, `rate`, `errors`, `mismatches`.
    public let name: String

    enum Kind: Hashable {
        /// Microseconds.
        case time
        /// Echoes per second.
        case rate
        /// A number of errors or mismatches.
        case count
    }

    let kind: Kind

    /// The value in a report, in the unit of the kind; nil for a time without an echo.
    func value(in report: BenchReport) -> Double? {
        switch name {
        case "rate": report.rate
        case "errors": Double(report.errors)
        case "mismatches": Double(report.mismatches)
        default:
            name.hasPrefix(Self.servicePrefix)
                ? report.service?[name.dropFirst(Self.servicePrefix.count)] : report.latency?[name[...]]
        }
    }

    /// All metrics, in the order in which they are printed.
    public static let all: [Metric] =
        [Metric(name: "rate", kind: .rate), Metric(name: "errors", kind: .count)]
        + [Metric(name: "mismatches", kind: .count)] + times.map { Metric(name: $0, kind: .time) }
        + times.map { Metric(name: servicePrefix + $0, kind: .time) }

    /// The names of times. Those that count from when a message was sent have a prefix.
    static let times = ["p50", "p90", "p99", "p99.9", "max", "mean"]
    static let servicePrefix = "service_"

    /// The metric with a name; nil if there is none.
    public init?(_ name: some StringProtocol) {
        guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

extension BenchReport.Times {
    /// A time in microseconds, by its name.
    subscript(name: Substring) -> Double? {
        switch name {
        case "p50": p50
        case "p90": p90
        case "p99": p99
        case "p99.9": p999
        case "max": max
        case "mean": mean
        default: nil
        }
    }
}
