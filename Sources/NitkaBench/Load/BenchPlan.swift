// SPDX-License-Identifier: Apache-2.0

/// What a bench does: how many clients talk to a server, how, and for how long.
public struct BenchPlan: Hashable, Sendable {
    /// What each client does.
    public var mode = BenchMode.pingPong
    /// Clients at once; 1 or more.
    public var clients = 50
    /// Bytes of a message; 1 or more. Under ``BenchMode/stream`` 65,536 unless told.
    public var size = 64
    /// Messages that one client has on their way at most; 1 or more. ``BenchMode/stream`` sends as fast as the server
    /// takes.
    public var depth = 1
    /// Messages a second of all clients together, 0.01 to 10,000,000, due on a schedule (an open loop); nil sends the next message when
    /// an echo is back (a closed loop).
    public var rate: Double?
    /// How long is counted.
    public var duration: Duration = .seconds(10)
    /// How long before that is not counted, with all clients talking.
    public var warmup: Duration = .seconds(1)
    /// Over how long the clients connect, spread evenly; zero for as fast as they can.
    public var ramp: Duration = .zero
    /// How long connecting, and an echo that is on its way, may take.
    public var timeout: Duration = .seconds(5)
    /// Event loops that play the clients, each on a thread of its own; 1 or more; nil for one on each processor.
    public var loops: Int?
    /// Clients that talk under ``BenchMode/hold``; the others are silent between their first and their last echo.
    public var talkers = 10
    /// What the bytes of the messages are made from: the same seed sends the same bytes.
    public var seed: UInt64 = 1

    /// The defaults.
    public init() {}

    /// What is wrong with it, in a sentence with what is allowed; nil when nothing is.
    var problem: String? {
        if !(1...1_000_000).contains(clients) { return "a bench has 1 to 1,000,000 clients, not \(clients)" }
        if !(1...1 << 30).contains(size) { return "a message has 1 byte to 1 GiB, not \(size)" }
        if depth < 1 { return "a client has 1 message on its way or more, not \(depth)" }
        if let rate, !(0.01...10_000_000).contains(rate) { return "a rate is 0.01 to 10,000,000 a second, not \(rate)" }
        if let loops, !(1...1024).contains(loops) { return "there are 1 to 1024 loops, not \(loops)" }
        if duration <= .zero || timeout <= .zero { return "duration and timeout are more than 0" }
        return talkers < 0 || warmup < .zero || ramp < .zero ? "talkers, warmup and ramp are 0 or more" : nil
    }
}

/// What each client of a bench does.
public enum BenchMode: String, CaseIterable, Sendable {
    /// Sends a message, and the next when its echo is back, or when it is due.
    case pingPong = "ping-pong"
    /// Sends as fast as the server takes, and reads what comes meanwhile.
    case stream
    /// Connects, has one echo, closes, and connects again.
    case churn
    /// Connects, has one echo, and stays; a few talk.
    case hold
}
