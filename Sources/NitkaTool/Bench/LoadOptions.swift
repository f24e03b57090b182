// SPDX-License-Identifier: Apache-2.0

internal import Nitka
public import ArgumentParser
public import NitkaBench

extension BenchMode: ExpressibleByArgument {}

/// The options of `nitka bench` that describe the load.
struct LoadOptions: ParsableArguments {
    @Option(
        help: """
            What each client does: waits for each echo (ping-pong), sends without waiting (stream), connects for \
            each message (churn), or stays connected, mostly silent (hold).
            """)
    var mode = BenchMode.pingPong

    @Option(name: .shortAndLong, "Number of clients connected at the same time.", in: .count(1...1_000_000))
    var clients = defaults.clients

    @Option(
        name: .shortAndLong, "Bytes per message.", in: .size(1...(1 << 30)),
        default: "\(defaults.size); 64KiB with --mode stream")
    var size: Int?

    @Option(
        name: .shortAndLong, "How long to measure.", in: .duration(.milliseconds(10)...(.seconds(86_400))),
        default: "\(DurationArgument(duration: defaults.duration))")
    var duration: DurationArgument?

    @Option(
        name: .shortAndLong,
        """
        Messages per second of all clients together, sent on a schedule (an open loop); with --mode churn, connections \
        per second. k and M mean thousands and millions.
        """,
        in: .rate(0.01...10_000_000), default: "a closed loop")
    var rate: Double?

    @Option(
        "Maximum number of messages in flight for each client.", in: .count(1...65_536),
        default: "\(defaults.depth)")
    var depth: Int?

    @Option("How long to load the server before the measurement.", in: .duration(.zero...(.seconds(3600))))
    var warmup = DurationArgument(duration: defaults.warmup)

    @Option("Time over which the clients connect; 0s connects all at once.", in: .duration(.zero...(.seconds(3600))))
    var ramp = DurationArgument(duration: defaults.ramp)

    @Option(
        "Time limit of a connection attempt and of an echo.", in: .duration(.milliseconds(10)...(.seconds(3600))))
    var timeout = DurationArgument(duration: defaults.timeout)

    @Option("Number of threads that run the clients.", in: .count(1...1024), default: "1 per processor")
    var threads: Int?

    @Option(
        "Number of clients that send, with --mode hold; the others stay silent.", in: .count(1...1_000_000),
        default: "\(defaults.talkers)")
    var talkers: Int?

    @Option("Seed of the bytes to send; the same seed gives the same bytes.", in: .count(0...Int.max))
    var seed = Int(defaults.seed)

    private static let defaults = BenchPlan()
    /// Shorter than the default of a single run: a search takes many steps.
    private static let stepOfSearch = Duration.seconds(2)

    func check() throws {
        if depth != nil, mode == .churn || mode == .stream {
            throw ValidationError(
                "--depth needs --mode ping-pong or hold: a stream has no limit, a churn connection sends 1 message.")
        }
        if talkers != nil, mode != .hold { throw ValidationError("--talkers needs --mode hold.") }
        if mode == .churn, let size, size > 1 << 20 {
            throw ValidationError("With --mode churn, --size is at most 1MiB.")
        }
    }

    /// The limits of the server that `bench` starts: all the clients, without an idle timeout.
    func serverLimits() throws(NitkaError) -> Limits {
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
