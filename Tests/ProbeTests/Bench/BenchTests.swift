// SPDX-License-Identifier: Apache-2.0

import Histogram
import Nitka
import NitkaEcho
import NitkaSystem
import NitkaBench
import Testing

/// The load generator against an echo server of this package.
@Suite struct BenchTests {
    /// A short run with a long timeout, because other tests load the same machine.
    private func shortPlan(_ mode: BenchMode) -> BenchPlan {
        var plan = BenchPlan()
        plan.mode = mode
        plan.clients = 8
        plan.duration = .seconds(2)
        plan.timeout = .seconds(60)
        plan.warmup = .milliseconds(50)
        plan.loops = 1
        if mode == .stream { plan.size = 65_536 }
        return plan
    }

    @Test("every mode counts echoes and finds no error", arguments: BenchMode.allCases)
    func everyModeCountsEchoesAndFindsNothingWrong(mode: BenchMode) async throws {
        try await withEchoServer { address in
            let outcome = try await Bench("\(address)", shortPlan(mode)).run()
            #expect(outcome.clients == 8)
            #expect(outcome.echoes > 0)
            #expect(outcome.errors == [:])
            #expect(outcome.mismatches == 0)
            #expect(outcome.latency.totalCount == outcome.echoes)
            #expect(outcome.service.totalCount == outcome.echoes)
            #expect(outcome.seconds.reduce(0) { $0 + $1.echoes } == outcome.echoes)
            #expect(outcome.seconds.reduce(0) { $0 + $1.latency.totalCount } == outcome.echoes)
            #expect(outcome.parts.map(\.name) == (mode == .churn ? ["connect", "first byte", "close"] : []))
        }
    }

    @Test("an open loop sends at its rate", arguments: [BenchMode.pingPong, .churn, .hold])
    func anOpenLoopSendsWhatWasAskedFor(mode: BenchMode) async throws {
        try await withEchoServer { address in
            var plan = shortPlan(mode)
            plan.rate = 200
            plan.duration = .seconds(1)
            let outcome = try await Bench("\(address)", plan).run()
            #expect(outcome.errors == [:])
            #expect((198...202).contains(outcome.echoes))
        }
    }

    @Test("a server that does not exist is an error") func aMissingServerIsAnError() async throws {
        await #expect(throws: NitkaError.self) { try await Bench("127.0.0.1:1", shortPlan(.pingPong)).run() }
    }

    /// Neither side's buffers hold the message, so a client that read only after its last send would wait for ever.
    @Test("a churn client reads its echo while it sends") func aLargeVisitDoesNotDeadlock() async throws {
        try await withEchoServer { address in
            var plan = shortPlan(.churn)
            (plan.clients, plan.size, plan.duration) = (1, 32 << 20, .milliseconds(300))
            let outcome = try await Bench("\(address)", plan).run()
            #expect(outcome.errors == [:])
            #expect(outcome.clients == 1)
        }
    }

    @Test("a run that is stopped keeps what it counted") func aRunEndsEarlyWithWhatItHas() async throws {
        try await withEchoServer { address in
            var plan = shortPlan(.pingPong)
            plan.duration = .seconds(600)
            let bench = try Bench("\(address)", plan)
            let outcome = try await bench.run { progress in
                if case .second = progress { bench.stop() }
            }
            #expect(outcome.wasInterrupted)
            #expect(outcome.echoes > 0)
            #expect(outcome.duration < .seconds(60))
        }
    }
}

/// Runs the echo service under `tasks` until the body returns.
func withEchoServer<Result>(
    limits: Limits = Limits(), _ body: (SocketAddress) async throws -> Result
) async throws -> Result {
    try await withServer(limits: limits, { try await EchoService.serve($0) }, body)
}

/// Runs a server under `tasks` until the body returns.
func withServer<Result>(
    limits: Limits = Limits(), _ handler: @escaping @Sendable (AsyncClient) async throws -> Void,
    _ body: (SocketAddress) async throws -> Result
) async throws -> Result {
    let server = try Server(on: "127.0.0.1:0", limits: limits)
    let chain = ThreadGroup()
    try startServing(server, on: chain, handler)
    defer {
        server.endNow()
        _ = chain.join(until: .now + .seconds(30))
    }
    return try await body(server.addresses[0])
}

private func startServing(
    _ server: Server, on chain: ThreadGroup, _ handler: @escaping @Sendable (AsyncClient) async throws -> Void
) throws {
    try chain.start(named: "serve") { _ = try? server.runTasksBlocking(loops: 1, handler) }
}
