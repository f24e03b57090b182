// SPDX-License-Identifier: Apache-2.0

import Histogram
import Nitka
import NitkaEcho
import NitkaSystem
import NitkaBench
import Testing

/// The load, against servers of our own.
@Suite struct BenchTests {
    /// Short for a bench, and patient: a machine that is busy with other tests makes all of it late.
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

    @Test(arguments: BenchMode.allCases)
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

    @Test(arguments: [BenchMode.pingPong, .churn, .hold])
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

    @Test func nothingThereIsAnError() async throws {
        await #expect(throws: NitkaError.self) { try await Bench("127.0.0.1:1", shortPlan(.pingPong)).run() }
    }

    @Test func aRunEndsEarlyWithWhatItHas() async throws {
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

/// The echo service under `tasks` for as long as the body runs.
func withEchoServer<Result>(
    limits: Limits = Limits(), _ body: (SocketAddress) async throws -> Result
) async throws -> Result {
    try await withServer(limits: limits, { try await EchoService.serve($0) }, body)
}

/// A server under `tasks` for as long as the body runs.
func withServer<Result>(
    limits: Limits = Limits(), _ handler: @escaping @Sendable (AsyncClient) async throws -> Void,
    _ body: (SocketAddress) async throws -> Result
) async throws -> Result {
    let server = try Server(on: "127.0.0.1:0", limits: limits)
    let chain = ThreadChain()
    try startServing(server, on: chain, handler)
    defer {
        server.endNow()
        _ = chain.join(until: .now + .seconds(30))
    }
    return try await body(server.addresses[0])
}

private func startServing(
    _ server: Server, on chain: ThreadChain, _ handler: @escaping @Sendable (AsyncClient) async throws -> Void
) throws {
    try chain.start(named: "serve") { _ = try? server.runBlocking(loops: 1, handler) }
}
