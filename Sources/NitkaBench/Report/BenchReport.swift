// SPDX-License-Identifier: Apache-2.0

/// The figures of a run: written as JSON, judged by gates, and compared with those of another run.
///
/// The keys of the JSON are stable and documented in `docs/reports.md`. A key never changes its meaning; ``version``
/// changes when a key is removed.
public struct BenchReport: Codable, Hashable, Sendable {
    /// The kind of file; always ``formatName``.
    public var format = BenchReport.formatName
    /// The version of the keys; always ``currentVersion``.
    public var version = BenchReport.currentVersion

    /// The server's address: `127.0.0.1:7007`.
    public var address: String
    /// When counting began, in UTC (RFC 3339).
    public var began: String
    /// The machine of the clients; nil if unknown.
    public var machine: String?
    /// The raw value of a ``BenchMode``.
    public var mode: String
    /// Clients of the plan.
    public var clientsAsked: Int
    /// Clients that the server served when counting began.
    public var clients: Int
    /// Bytes per message.
    public var size: Int
    /// Limit of messages in flight per client.
    public var depth: Int
    /// Messages per second of all clients together that were due; nil for a closed loop.
    public var rateAsked: Double?
    /// The counted time in seconds.
    public var duration: Double

    /// Complete echoes.
    public var echoes: UInt64
    /// Complete echoes per second.
    public var echoesPerSecond: Double
    /// In an open loop, echoes per second that came back in the counted time, whenever they were due; nil in a closed loop.
    public var achievedPerSecond: Double?
    /// Bytes of the complete echoes.
    public var bytes: UInt64
    /// Bytes of the complete echoes per second.
    public var bytesPerSecond: Double
    /// Errors of all kinds; they do not include mismatches.
    public var errors: UInt64
    /// Errors by kind.
    public var errorsByKind: [String: UInt64]
    /// How many connections ended because the server sent bytes that differ from those it received.
    public var mismatches: UInt64
    /// A description of the first mismatch; nil without one.
    public var firstMismatch: String?

    /// Time from when a message was due to the last byte of its echo; nil without an echo.
    public var latency: Times?
    /// Time from when a message was sent to the last byte of its echo; nil without an echo.
    public var service: Times?
    /// The parts of a visit under ``BenchMode/churn``, in their order; empty in the other modes.
    public var parts: [Part]

    /// The share of processor time that the busiest worker thread used, 0 to 1.
    public var generatorBusy: Double
    /// True if the run was ended early.
    public var interrupted: Bool
    /// False if the figures say nothing about the server.
    public var valid: Bool
    /// The reasons for that; empty for a valid run.
    public var invalidReasons: [String]

    /// The value of ``format``.
    public static let formatName = "nitka bench report"
    /// The version that this code writes and reads.
    public static let currentVersion = 1

    enum CodingKeys: String, CodingKey {
        case format, version, address, began, machine, mode, clients, size, depth, echoes, bytes, errors, mismatches
        case parts, interrupted, valid
        case clientsAsked = "clients_asked"
        case rateAsked = "rate_asked"
        case duration = "duration_s"
        case echoesPerSecond = "echoes_per_second"
        case achievedPerSecond = "achieved_per_second"
        case bytesPerSecond = "bytes_per_second"
        case errorsByKind = "errors_by_kind"
        case firstMismatch = "first_mismatch"
        case latency = "latency_us"
        case service = "service_us"
        case generatorBusy = "generator_busy"
        case invalidReasons = "invalid_reasons"
    }
}

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

extension BenchReport {
    /// Creates the report of an outcome.
    public init(_ outcome: BenchOutcome) {
        let plan = outcome.plan
        let seconds = outcome.duration / .seconds(1)
        address = outcome.address
        began = outcome.began
        machine = outcome.machine
        mode = plan.mode.rawValue
        clientsAsked = plan.clients
        clients = outcome.clients
        size = plan.size
        depth = plan.depth
        rateAsked = plan.rate
        duration = Self.rounded(seconds)
        echoes = outcome.echoes
        echoesPerSecond = Self.perSecond(outcome.echoes, in: seconds)
        achievedPerSecond = plan.rate == nil ? nil : Self.perSecond(outcome.returned, in: seconds)
        bytes = outcome.bytes
        bytesPerSecond = Self.perSecond(outcome.bytes, in: seconds)
        errors = outcome.errorCount
        errorsByKind = outcome.errors.filter { $0.value > 0 }
        mismatches = outcome.mismatches
        firstMismatch = outcome.firstMismatch
        latency = TimeSummary(outcome.latency).map(Times.init)
        service = TimeSummary(outcome.service).map(Times.init)
        parts = outcome.parts.map { Part(name: $0.name, times: TimeSummary($0.times).map(Times.init)) }
        generatorBusy = Self.rounded(outcome.busy)
        interrupted = outcome.wasInterrupted
        valid = outcome.invalidReasons.isEmpty
        invalidReasons = outcome.invalidReasons
    }

    /// Echoes per second that the server achieved, whatever the plan asked for.
    public var rate: Double { achievedPerSecond ?? echoesPerSecond }

    /// True if a resource of the generator's own machine ran out: then the errors say nothing about the server.
    public var ranShort: Bool { errorsByKind.contains { $0.value > 0 && Shortage(kind: $0.key) != nil } }

    /// 0 for a run without counted time.
    private static func perSecond(_ count: UInt64, in seconds: Double) -> Double {
        seconds > 0 ? rounded(Double(count) / seconds) : 0
    }

    /// To a thousandth; 0 for NaN and infinity, which JSON does not have.
    private static func rounded(_ value: Double) -> Double {
        value.isFinite ? (value * 1000).rounded() / 1000 : 0
    }
}
