// SPDX-License-Identifier: Apache-2.0

/// The plan of a run: how many clients send what to a server, and for how long.
public struct BenchPlan: Hashable, Sendable {
    /// What each client does.
    public var mode = BenchMode.pingPong
    /// Concurrent clients, 1 to 1,000,000.
    public var clients = 50
    /// Bytes per message, 1 to 1,073,741,824.
    public var size = 64
    /// Limit of messages in flight per client; 1 or more. ``BenchMode/stream`` ignores it: it sends as fast as the server
    /// reads.
    public var depth = 1
    /// Messages per second of all clients together, 0.01 to 10,000,000, due on a schedule (an open loop). With nil, a
    /// client sends its next message when an echo has come back (a closed loop).
    public var rate: Double?
    /// The counted time; more than 0.
    public var duration: Duration = .seconds(10)
    /// Time before counting begins, in which all clients already send messages.
    public var warmup: Duration = .seconds(1)
    /// Time over which the clients' connections are spread evenly; 0 connects them as fast as possible.
    public var ramp: Duration = .zero
    /// Time limit for a connection attempt, and for an echo; more than 0.
    public var timeout: Duration = .seconds(5)
    /// Worker threads, each with an event loop, 1 to 1024; nil for 1 per processor.
    public var loops: Int?
    /// Clients that send messages under ``BenchMode/hold``. The others are silent between their first and last echo.
    public var talkers = 10
    /// Seed of the messages' bytes: the same seed sends the same bytes.
    public var seed: UInt64 = 1

    /// Creates a plan with the default values.
    public init() {}

    /// A sentence that names the first value out of range, and the range; nil if all are in range.
    var problem: String? {
        if !(1...1_000_000).contains(clients) {
            return "the number of clients must be 1 to 1,000,000, not \(clients)"
        }
        if !(1...1 << 30).contains(size) { return "the size of a message must be 1 byte to 1 GiB, not \(size)" }
        if depth < 1 { return "the depth must be 1 or more, not \(depth)" }
        if let rate, !(0.01...10_000_000).contains(rate) {
            return "the rate must be 0.01 to 10,000,000 a second, not \(rate)"
        }
        if let loops, !(1...1024).contains(loops) { return "the number of threads must be 1 to 1024, not \(loops)" }
        if duration <= .zero || timeout <= .zero { return "duration and timeout must be more than 0" }
        return talkers < 0 || warmup < .zero || ramp < .zero ? "talkers, warmup and ramp must be 0 or more" : nil
    }
}

/// What each client of a bench does.
public enum BenchMode: String, CaseIterable, Sendable {
    /// Sends a message, and the next one when the echo has come back, or when it is due.
    case pingPong = "ping-pong"
    /// Sends as fast as the server reads, and reads at the same time.
    case stream
    /// Connects, exchanges one message, closes, and connects again.
    case churn
    /// Connects, exchanges one message, and stays connected. Only ``BenchPlan/talkers`` clients send more.
    case hold
}
