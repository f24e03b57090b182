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
        case bytesPerSecond = "bytes_per_second"
        case errorsByKind = "errors_by_kind"
        case firstMismatch = "first_mismatch"
        case latency = "latency_us"
        case service = "service_us"
        case generatorBusy = "generator_busy"
        case invalidReasons = "invalid_reasons"
    }
}
