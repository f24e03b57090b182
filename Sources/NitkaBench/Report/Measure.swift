// SPDX-License-Identifier: Apache-2.0

/// A figure of a report that a gate or a comparison can name.
public struct Measure: Hashable, Sendable {
    /// `p99`, `service_p99.9`, `rate`, `errors`, `mismatches`.
    public let name: String

    enum Kind: Hashable {
        /// Microseconds.
        case time
        /// Echoes a second.
        case rate
        /// A number of errors, or of mismatches.
        case count
    }

    let kind: Kind

    /// What a report says of it, in its unit; nil for a time when no echo came back.
    func value(in report: BenchReport) -> Double? {
        switch name {
        case "rate": report.echoesPerSecond
        case "errors": Double(report.errors)
        case "mismatches": Double(report.mismatches)
        default:
            name.hasPrefix(Self.servicePrefix)
                ? report.service?[name.dropFirst(Self.servicePrefix.count)] : report.latency?[name[...]]
        }
    }

    /// All that there are, in the order in which they are told.
    public static let all: [Measure] =
        [Measure(name: "rate", kind: .rate), Measure(name: "errors", kind: .count)]
        + [Measure(name: "mismatches", kind: .count)] + times.map { Measure(name: $0, kind: .time) }
        + times.map { Measure(name: servicePrefix + $0, kind: .time) }

    /// The names of times, without the prefix of those counted from when a message was sent.
    static let times = ["p50", "p90", "p99", "p99.9", "max", "mean"]
    static let servicePrefix = "service_"

    /// The measure of that name; nil if there is none.
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
    /// Microseconds, by the names that people use.
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
