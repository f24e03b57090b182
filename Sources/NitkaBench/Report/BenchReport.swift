// SPDX-License-Identifier: Apache-2.0

/// What a bench found in figures: what is written as JSON, judged by gates, and compared with another run.
///
/// The keys of the JSON are stable, and documented in `docs/reports.md`. A key that means something else gets another
/// name; ``version`` changes when one is taken away.
public struct BenchReport: Codable, Hashable, Sendable {
    /// Says what kind of file it is; always ``formatName``.
    public var format = BenchReport.formatName
    /// Which version of the keys; always ``currentVersion``.
    public var version = BenchReport.currentVersion

    /// The server's address: `127.0.0.1:7007`.
    public var address: String
    /// When counting began, in UTC (RFC 3339).
    public var began: String
    /// What the clients ran on; nil where nobody said.
    public var machine: String?
    /// What each client did: the raw value of a ``BenchMode``.
    public var mode: String
    /// Clients that were to be connected.
    public var clientsAsked: Int
    /// Clients that were connected when counting began.
    public var clients: Int
    /// Bytes of a message.
    public var size: Int
    /// Messages that a client had on their way at most.
    public var depth: Int
    /// Messages a second of all clients together, as they were due; nil for a closed loop.
    public var rateAsked: Double?
    /// How long was counted, in seconds.
    public var duration: Double

    /// Echoes that came back whole.
    public var echoes: UInt64
    /// Echoes a second.
    public var echoesPerSecond: Double
    /// Bytes that came back.
    public var bytes: UInt64
    /// Bytes a second that came back; as many were sent.
    public var bytesPerSecond: Double
    /// Everything that went wrong, but for mismatches.
    public var errors: UInt64
    /// The same by its kind.
    public var errorsByKind: [String: UInt64]
    /// How often bytes came back that were not those sent.
    public var mismatches: UInt64
    /// What the first of them looked like; nil without one.
    public var firstMismatch: String?

    /// From when a message was due to its last byte back; nil when no echo came back.
    public var latency: Times?
    /// From when a message was sent to its last byte back; nil when no echo came back.
    public var service: Times?
    /// The parts of a visit under ``BenchMode/churn``, in their order; empty in the other modes.
    public var parts: [Part]

    /// How busy the busiest thread of the generator was, 0 to 1.
    public var generatorBusy: Double
    /// Was it told to end early?
    public var interrupted: Bool
    /// Does the run say anything about the server?
    public var valid: Bool
    /// Why it does not; empty for a valid run.
    public var invalidReasons: [String]

    /// What ``format`` says.
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
