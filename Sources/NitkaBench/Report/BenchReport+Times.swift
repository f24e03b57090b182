// SPDX-License-Identifier: Apache-2.0

extension BenchReport {
    /// Times of many echoes, in microseconds.
    public struct Times: Codable, Hashable, Sendable {
        /// The median: 50 % of the times are this or less.
        public var p50: Double
        /// 90 % of the times are this or less.
        public var p90: Double
        /// 99 % of the times are this or less.
        public var p99: Double
        /// 99.9 % of the times are this or less.
        public var p999: Double
        /// The longest time.
        public var max: Double
        /// The mean.
        public var mean: Double

        enum CodingKeys: String, CodingKey {
            case p50, p90, p99, max, mean
            case p999 = "p99_9"
        }

        /// Converts a summary, which is in nanoseconds.
        public init(_ summary: TimeSummary) {
            p50 = Double(summary.p50) / 1000
            p90 = Double(summary.p90) / 1000
            p99 = Double(summary.p99) / 1000
            p999 = Double(summary.p999) / 1000
            max = Double(summary.max) / 1000
            // To the nanosecond: the histogram is coarser than that.
            mean = summary.mean.rounded() / 1000
        }
    }

    /// One part of a visit.
    public struct Part: Codable, Hashable, Sendable {
        /// `connect`, `first byte`, `close`.
        public var name: String
        /// How long it took; nil if no visit was completed.
        public var times: Times?

        enum CodingKeys: String, CodingKey {
            case name
            case times = "us"
        }
    }
}
