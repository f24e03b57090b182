// SPDX-License-Identifier: Apache-2.0

public import Histogram

/// What a bench found: counts and histograms, as they were recorded.
///
/// Times are nanoseconds. A histogram keeps three significant digits.
public struct BenchOutcome: Sendable {
    /// What was done.
    public var plan: BenchPlan
    /// To which address: `127.0.0.1:7007`.
    public var address: String
    /// When counting began, in UTC (RFC 3339).
    public var began: String
    /// What the clients ran on: `2 processors, Linux 6.18, x86_64`; nil where nobody said.
    public var machine: String?
    /// How long was counted.
    public var duration: Duration = .zero
    /// Clients that were connected when counting began.
    public var clients = 0
    /// Echoes that came back whole.
    public var echoes: UInt64 = 0
    /// Bytes that came back; as many were sent for them.
    public var bytes: UInt64 = 0
    /// What went wrong, by kind: `connect: connection refused`, `connection reset by peer`, `closed by the server`,
    /// `timed out`, `not sent in time`. Mismatches are not among them.
    public var errors: [String: UInt64] = [:]
    /// How often bytes came back that were not those sent.
    public var mismatches: UInt64 = 0
    /// What the first of them looked like: `client 7, offset 4096: 1 byte changed`.
    public var firstMismatch: String?
    /// From when a message was due to its last byte back; in a closed loop it is due when it is sent.
    public var latency = BenchOutcome.histogram()
    /// From when a message was sent to its last byte back.
    public var service = BenchOutcome.histogram()
    /// The parts of a visit under ``BenchMode/churn``, in their order: `connect`, `first byte`, `close`.
    public var parts: [(name: String, times: Histogram<UInt64>)] = []
    /// Second by second.
    public var seconds: [BenchSecond] = []
    /// How busy the busiest of the loops that played the clients was, 0 to 1: near 1 the generator is the limit, and not
    /// the server.
    public var busy = 0.0
    /// Why the run says nothing about the server; empty for a valid one.
    public var invalidReasons: [String] = []
    /// Was it told to end early?
    public var wasInterrupted = false

    /// A run that has not begun.
    public init(plan: BenchPlan, address: String, began: String) {
        self.plan = plan
        self.address = address
        self.began = began
    }

    /// For times of up to an hour, in nanoseconds.
    public static func histogram() -> Histogram<UInt64> {
        Histogram(highestTrackableValue: 3_600_000_000_000, numberOfSignificantValueDigits: .three)
    }

    /// All errors together.
    public var errorCount: UInt64 { errors.values.reduce(0, +) }
}

/// One second of a bench, or the part of one with which it ended.
public struct BenchSecond: Sendable {
    /// When it began, counted from the first.
    public var start: Duration
    /// How long it was.
    public var length: Duration
    /// Echoes that came back in it.
    public var echoes: UInt64
    /// Bytes that came back in it.
    public var bytes: UInt64
    /// Errors and mismatches in it.
    public var errors: UInt64
    /// The latencies of its echoes, from when they were due. It is made anew each time that it is asked for.
    public var latency: Histogram<UInt64> { times.times }

    let times: CompactTimes

    /// A second as it was recorded.
    ///
    /// - Parameter latency: as ``BenchOutcome/histogram()`` makes it.
    public init(
        start: Duration, length: Duration, echoes: UInt64, bytes: UInt64, errors: UInt64, latency: Histogram<UInt64>
    ) {
        self.start = start
        self.length = length
        self.echoes = echoes
        self.bytes = bytes
        self.errors = errors
        times = CompactTimes(latency)
    }

    /// The latency that so many percent of its echoes kept; nil when there was none.
    public func latency(at percentile: Double) -> Duration? {
        let latency = latency
        return latency.totalCount == 0 ? nil : .nanoseconds(Int64(clamping: latency.valueAtPercentile(percentile)))
    }
}
