// SPDX-License-Identifier: Apache-2.0

public import Histogram

/// The result of a run: counts and histograms, as they were recorded.
///
/// Times are in nanoseconds. A histogram keeps 3 significant digits.
public struct BenchOutcome: Sendable {
    /// The plan of the run.
    public var plan: BenchPlan
    /// The server's address: `127.0.0.1:7007`.
    public var address: String
    /// When counting began, in UTC (RFC 3339).
    public var began: String
    /// The machine of the clients: `2 processors, Linux 6.18, x86_64`; nil if unknown.
    public var machine: String?
    /// The counted time.
    public var duration: Duration = .zero
    /// Clients that the server served when counting began.
    public var clients = 0
    /// Complete echoes.
    public var echoes: UInt64 = 0
    /// In an open loop, echoes that came back in the counted time, whenever they were due; 0 in a closed loop. They are more
    /// than ``echoes`` where the server did not keep up, and still answers messages of the warm-up.
    public var returned: UInt64 = 0
    /// Bytes of the complete echoes.
    public var bytes: UInt64 = 0
    /// Errors by kind: `connect: connection refused`, `connection reset by peer`, `closed by the server`, `timed out`,
    /// `not sent in time`. They do not include mismatches.
    public var errors: [String: UInt64] = [:]
    /// How many connections ended because the server sent bytes that differ from those it received.
    public var mismatches: UInt64 = 0
    /// A description of the first mismatch: `client 7, offset 4096: 1 byte changed`; nil without one.
    public var firstMismatch: String?
    /// Time from when a message was due to the last byte of its echo. In a closed loop, a message is due when it is sent.
    public var latency = BenchOutcome.histogram()
    /// Time from when a message was sent to the last byte of its echo.
    public var service = BenchOutcome.histogram()
    /// The parts of a visit under ``BenchMode/churn``, in this order: `connect`, `first byte`, `close`.
    public var parts: [(name: String, times: Histogram<UInt64>)] = []
    /// The run second by second.
    public var seconds: [BenchSecond] = []
    /// The share of processor time that the busiest worker thread used, 0 to 1. Near 1, the load generator is the limit,
    /// not the server.
    public var busy = 0.0
    /// The reasons why the run says nothing about the server; empty for a valid run.
    public var invalidReasons: [String] = []
    /// True if the run was ended early.
    public var wasInterrupted = false

    /// Creates the outcome of a run that has not begun.
    public init(plan: BenchPlan, address: String, began: String) {
        self.plan = plan
        self.address = address
        self.began = began
    }

    /// An empty histogram for times of up to 1 hour, in nanoseconds.
    public static func histogram() -> Histogram<UInt64> {
        Histogram(highestTrackableValue: 3_600_000_000_000, numberOfSignificantValueDigits: .three)
    }

    /// The sum of the errors of all kinds.
    public var errorCount: UInt64 { errors.values.reduce(0, +) }
}

/// One second of a run; the last one may be shorter.
public struct BenchSecond: Sendable {
    /// When it began, from the beginning of counting.
    public var start: Duration
    /// Its length.
    public var length: Duration
    /// Complete echoes of messages that were due in the counted time.
    public var echoes: UInt64
    /// Echoes that came back in this second, whenever they were due.
    public var returned: UInt64
    /// Bytes of the complete echoes.
    public var bytes: UInt64
    /// Errors and mismatches.
    public var errors: UInt64
    /// The latencies of its echoes, from when they were due. Each access makes a new histogram.
    public var latency: Histogram<UInt64> { times.times }

    let times: CompactTimes

    /// Creates a second.
    ///
    /// - Parameters:
    ///   - returned: echoes that came back in it, whenever they were due; nil for as many as `echoes`.
    ///   - latency: a histogram with the cells of ``BenchOutcome/histogram()``.
    public init(
        start: Duration, length: Duration, echoes: UInt64, returned: UInt64? = nil, bytes: UInt64, errors: UInt64,
        latency: Histogram<UInt64>
    ) {
        self.start = start
        self.length = length
        self.echoes = echoes
        self.returned = returned ?? echoes
        self.bytes = bytes
        self.errors = errors
        times = CompactTimes(latency)
    }

    /// A percentile, 0 to 100, of the latencies; nil without an echo.
    public func latency(at percentile: Double) -> Duration? {
        let latency = latency
        return latency.totalCount == 0 ? nil : .nanoseconds(Int64(clamping: latency.valueAtPercentile(percentile)))
    }
}
