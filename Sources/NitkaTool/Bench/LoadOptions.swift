// SPDX-License-Identifier: Apache-2.0

internal import Nitka
public import ArgumentParser
public import NitkaBench

extension BenchMode: ExpressibleByArgument {}

/// What is done to the server, as options.
struct LoadOptions: ParsableArguments {
    @Option(help: "What each client does.")
    var mode = BenchMode.pingPong

    @Option(
        name: .shortAndLong, help: .showing("Clients at once.", Self.defaults.clients),
        transform: Quantity.count(1...1_000_000))
    var clients = defaults.clients

    @Option(
        name: .shortAndLong,
        help: .showing("Bytes of a message.", "\(Self.defaults.size); 64KiB under stream"),
        transform: Quantity.size(1...(1 << 30)))
    var size: Int?

    @Option(
        name: .shortAndLong,
        help: .showing("How long is counted.", Span(duration: Self.defaults.duration)),
        transform: Quantity.duration(.milliseconds(10)...(.seconds(86_400))))
    var duration: Span?

    @Option(
        name: .shortAndLong,
        help: """
            Messages a second of all clients together, due on a schedule (an open loop), as 500, 20k or 1.5M; visits \
            under churn. (default: a closed loop)
            """,
        transform: Quantity.rate(0.01...10_000_000))
    var rate: Double?

    @Option(
        help: .showing("Messages that a client has on their way at most.", Self.defaults.depth),
        transform: Quantity.count(1...65_536))
    var depth: Int?

    @Option(
        help: .showing("How long the load runs before it counts.", Span(duration: Self.defaults.warmup)),
        transform: Quantity.duration(.zero...(.seconds(3600))))
    var warmup = Span(duration: defaults.warmup)

    @Option(
        help: .showing("Over how long the clients connect.", "0s, as fast as they can"),
        transform: Quantity.duration(.zero...(.seconds(3600))))
    var ramp = Span(duration: defaults.ramp)

    @Option(
        help: .showing("How long connecting, and an echo, may take.", Span(duration: Self.defaults.timeout)),
        transform: Quantity.duration(.milliseconds(10)...(.seconds(3600))))
    var timeout = Span(duration: defaults.timeout)

    @Option(
        help: "Threads that play the clients. (default: one a processor)", transform: Quantity.count(1...1024))
    var threads: Int?

    @Option(
        help: .showing("Clients that talk under hold; the others are silent.", Self.defaults.talkers),
        transform: Quantity.count(1...1_000_000))
    var talkers: Int?

    @Option(
        help: .showing("What the bytes are made from.", Int(Self.defaults.seed)),
        transform: Quantity.count(0...Int.max))
    var seed = Int(defaults.seed)

    private static let defaults = BenchPlan()
    /// A search takes many steps.
    private static let stepOfSearch = Duration.seconds(2)

    func check() throws {
        if depth != nil, mode == .churn || mode == .stream {
            throw ValidationError(
                "--depth goes with --mode ping-pong and hold: a stream has no bound, a visit one echo.")
        }
        if talkers != nil, mode != .hold { throw ValidationError("--talkers goes with --mode hold.") }
        if mode == .churn, let size, size > 1 << 20 {
            throw ValidationError("Under churn a message has 1MiB at most.")
        }
    }

    /// What a server of our own allows: all the clients, however long they are silent.
    func limitsOfOwn() throws(NitkaError) -> Limits {
        try Limits(clients: clients + 1, clientsPerSource: clients + 1, idleTimeout: nil)
    }

    func plan(isSearch: Bool) -> BenchPlan {
        var plan = Self.defaults
        plan.mode = mode
        plan.clients = clients
        plan.size = size ?? (mode == .stream ? 65_536 : plan.size)
        plan.duration = duration?.duration ?? (isSearch ? Self.stepOfSearch : plan.duration)
        plan.rate = rate
        plan.depth = depth ?? plan.depth
        plan.warmup = warmup.duration ?? plan.warmup
        plan.ramp = ramp.duration ?? plan.ramp
        plan.timeout = timeout.duration ?? plan.timeout
        plan.loops = threads
        plan.talkers = talkers ?? plan.talkers
        plan.seed = UInt64(seed)
        return plan
    }
}
