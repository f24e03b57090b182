// SPDX-License-Identifier: Apache-2.0

import Histogram
import Nitka
import NitkaEcho
import NitkaSystem
import NitkaBench
import NitkaProbe
import Testing

/// What a bench reports about bad servers.
@Suite struct BenchOfBadServersTests {
    @Test("a single changed byte after 10 million is found") func oneByteChangedInTenMillionIsFound() async throws {
        let flipAt = UInt64(10_000_000)
        let handler: @Sendable (AsyncClient) async throws -> Void = { client in
            var offset = UInt64(0)
            while var bytes = try await client.read() {
                let end = offset + UInt64(bytes.count)
                if (offset..<end).contains(flipAt) { bytes[Int(flipAt - offset)] ^= 0x10 }
                offset = end
                try await client.write(bytes)
            }
        }
        try await withServer(handler) { address in
            var plan = BenchPlan()
            (plan.mode, plan.size, plan.clients, plan.loops) = (.stream, 65_536, 1, 1)
            (plan.duration, plan.warmup) = (.seconds(120), .zero)
            let bench = try Bench("\(address)", plan)
            let outcome = try await bench.run { progress in
                if case .second(let second, _) = progress, second.errors > 0 { bench.stop() }
            }
            #expect(outcome.mismatches >= 1)
            #expect(outcome.firstMismatch == "client 1, offset 10000000: 1 byte changed")
        }
    }

    @Test("bytes of another client are named as such") func bytesOfAnotherClientAreNamed() async throws {
        // The server sends the bytes of the first client to the second one.
        let first = Monitor<[UInt8]?>(nil)
        let handler: @Sendable (AsyncClient) async throws -> Void = { client in
            while let bytes = try await client.read() {
                let others = first.withLock { first in
                    first = first ?? bytes
                    return first ?? bytes
                }
                try await client.write(client.id == 1 ? bytes : others)
            }
        }
        try await withServer(handler) { address in
            var plan = BenchPlan.short
            plan.clients = 2
            // Client 1 of the server is the first connection of the bench, which sends nothing.
            let outcome = try await Bench("\(address)", plan).run()
            #expect(outcome.mismatches >= 1)
            #expect(outcome.firstMismatch?.contains("64 bytes of client") == true)
        }
    }

    /// The server guesses the next bytes of the stream.
    @Test("correct bytes that were not sent yet are a mismatch") func bytesAheadOfTimeAreNoEcho() async throws {
        var plan = BenchPlan.short
        plan.clients = 1
        var guess = [UInt8](repeating: 0, count: 128)
        var span = guess.mutableSpan
        Payload(seed: plan.seed).fill(&span, client: 0, offset: 64)
        let messages = Monitor(0)
        try await withServer({ [guess] client in
            while let bytes = try await client.read() {
                let count = messages.update { count in
                    count += 1
                    return count
                }
                // In the second echo: the first one must be right, or the server counts as no echo server.
                try await client.write(count == 2 ? guess : bytes)
            }
        }) { address in
            let outcome = try await Bench("\(address)", plan).run()
            #expect(outcome.mismatches == 1)
            #expect(outcome.firstMismatch == "client 1, offset 128: bytes that were not sent yet")
        }
    }

    @Test("rejected clients are counted and make the run invalid")
    func rejectedClientsAreCountedAndTheRunIsInvalid() async throws {
        let limits = try Limits(clients: 3)
        try await withServer(limits: limits, { try await EchoService.serve($0) }) { address in
            var plan = BenchPlan.short
            plan.clients = 5
            plan.timeout = .seconds(5)
            let outcome = try await Bench("\(address)", plan).run()
            #expect(outcome.clients == 3)
            #expect(outcome.echoes > 0)
            #expect((outcome.errors["timed out"] ?? 0) >= 2)
            #expect(outcome.invalidReasons == ["only 3 of 5 clients were served when counting began"])
        }
    }

    @Test("a run continues when its server dies") func aServerThatDiesEndsNoRunEarly() async throws {
        let server = try Server(on: "127.0.0.1:0")
        let chain = ThreadGroup()
        try chain.start(named: "serve") {
            _ = try? server.runTasksBlocking(loops: 1) { try await EchoService.serve($0) }
        }
        var plan = BenchPlan.short
        plan.duration = .seconds(120)
        let bench = try Bench("\(server.addresses[0])", plan)
        let badSeconds = Monitor(0)
        let outcome = try await bench.run { progress in
            guard case .second(let second, _) = progress else { return }
            server.endNow()
            if second.errors > 0,
                badSeconds.update({ bad in
                    bad += 1; return bad
                }) == 2
            {
                bench.stop()
            }
        }
        _ = chain.join(until: .now + .seconds(30))
        #expect(outcome.echoes > 0)
        #expect(outcome.seconds.count >= 2)
        #expect(outcome.errorCount > 0)
        #expect(outcome.errors["connect: connection refused"] != nil)
    }

    @Test("a server that never answers serves no client") func aSilentServerServesNoClient() async throws {
        try await withServer({ client in while try await client.read() != nil {} }) { address in
            var plan = BenchPlan.short
            plan.timeout = .milliseconds(300)
            await #expect { try await Bench("\(address)", plan).run() } throws: { error in
                "\(error)" == "\(address) served no client: timed out"
            }
        }
    }

    /// The server stalls for 200 ms in every second. A closed loop asks less during a stall: coordinated omission.
    @Test("an open loop shows a stall that a closed loop hides", .timeLimit(.minutes(1)))
    func anOpenLoopShowsAStallThatAClosedLoopHides() async throws {
        let server = try Server(on: "127.0.0.1:0")
        let chain = ThreadGroup()
        let start = MonotonicTime.now
        let never = Monitor(false)
        try chain.start(named: "serve") {
            _ = try? server.run(.threads) { client in
                while let bytes = try client.read() {
                    let second = (MonotonicTime.now - start).clampedNanoseconds / 1_000_000_000
                    let awake = start + .seconds(second) + .milliseconds(200)
                    if awake > .now { _ = never.wait(until: awake) { $0 ? true : nil } }
                    try client.write(bytes)
                }
            }
        }
        defer {
            server.endNow()
            _ = chain.join(until: .now + .seconds(30))
        }
        var plan = BenchPlan()
        (plan.clients, plan.loops, plan.duration, plan.warmup) = (10, 1, .seconds(3), .zero)
        let closed = try await Bench("\(server.addresses[0])", plan).run()
        plan.rate = 1000
        let open = try await Bench("\(server.addresses[0])", plan).run()
        // 10 % of the messages of an open loop wait for 100 ms or more. In a closed loop only 10 per stall do.
        #expect(open.latency.valueAtPercentile(95) >= 100_000_000)
        // 10 clients wait in up to 4 stalls: with fewer echoes, those 40 would be 5 %.
        if closed.echoes < 1000 { try Test.cancel("skipped: this machine is too busy for 1000 echoes in 3 seconds") }
        #expect(closed.latency.valueAtPercentile(95) < 100_000_000)
    }

    /// After the last message of a schedule only echoes are left to wait for. A loop that polls the clock instead would
    /// miss them.
    @Test("a slow server under a deep schedule loses nothing")
    func aSlowServerUnderADeepScheduleLosesNothing() async throws {
        let handler: @Sendable (AsyncClient) async throws -> Void = { client in
            while let bytes = try await client.read() {
                try await Task.sleep(for: .milliseconds(50))
                try await client.write(bytes)
            }
        }
        try await withServer(handler) { address in
            var plan = BenchPlan.short
            (plan.rate, plan.depth, plan.duration, plan.timeout) = (100, 8, .milliseconds(500), .seconds(30))
            let outcome = try await Bench("\(address)", plan).run()
            #expect(outcome.errors == [:])
            #expect(outcome.echoes == 50)
        }
    }

    @Test("messages that a slow server kept from being sent count as errors", arguments: [BenchMode.pingPong, .churn])
    func whatAServerKeepsFromBeingSentIsCounted(mode: BenchMode) async throws {
        let handler: @Sendable (AsyncClient) async throws -> Void = { client in
            while let bytes = try await client.read() {
                // It may block: the loop has no other client. Task.sleep needs a thread that other tests block.
                _ = Monitor(false).wait(until: .now + .milliseconds(100)) { $0 ? true : nil }
                try await client.write(bytes)
            }
        }
        try await withServer(handler) { address in
            var plan = BenchPlan.short
            (plan.mode, plan.clients, plan.rate, plan.timeout) = (mode, 1, 1000, .seconds(5))
            let outcome = try await Bench("\(address)", plan).run()
            #expect(outcome.echoes + outcome.errors["not sent in time", default: 0] == 300)
            #expect(outcome.errors["not sent in time", default: 0] > 200)
            #expect(outcome.invalidReasons.contains { $0.hasSuffix("/s achieved of 1,000") })
            // The server made the generator late.
            #expect(!outcome.invalidReasons.contains { $0.contains("the generator itself") })
        }
    }

    /// The server answers 1 message, and never again on any connection.
    @Test("messages due to a server that fell silent count as errors")
    func whatAServerThatFellSilentWasNotSentIsCounted() async throws {
        let wasAnswered = Monitor(false)
        try await withServer({ client in
            while let bytes = try await client.read() {
                let isFirst = wasAnswered.update { was in
                    defer { was = true }
                    return !was
                }
                if isFirst { try await client.write(bytes) }
            }
        }) { address in
            var plan = BenchPlan.short
            (plan.clients, plan.rate, plan.timeout) = (1, 1000, .seconds(5))
            let outcome = try await Bench("\(address)", plan).run()
            #expect(outcome.echoes == 0)
            #expect(outcome.errors["not sent in time"] == 300)
        }
    }

    /// The server answers only the first of 2 clients.
    @Test("messages due from a client that was never served count as errors")
    func messagesOfAClientThatWasNeverServedAreCounted() async throws {
        let first = Monitor<UInt64?>(nil)
        try await withServer({ client in
            while let bytes = try await client.read() {
                let isFirst = first.update { first in
                    first = first ?? client.id
                    return first == client.id
                }
                if isFirst { try await client.write(bytes) }
            }
        }) { address in
            var plan = BenchPlan.short
            (plan.clients, plan.rate, plan.timeout) = (2, 1000, .seconds(8))
            let outcome = try await Bench("\(address)", plan).run()
            #expect(outcome.echoes == 150)
            #expect(outcome.errors["not sent in time"] == 150)
        }
    }

    /// The server rejects the second visit. From then on it answers a visit only when both clients are connected, so that
    /// it serves both.
    @Test("a churn client that is rejected first is served later")
    func aChurnClientThatIsRejectedFirstIsServedLater() async throws {
        let visits = Monitor((came: 0, inside: 0, haveMet: false, answered: 0))
        try await withServer({ client in
            guard let bytes = try await client.read() else { return }
            let place = visits.update { visits in
                visits.came += 1
                visits.inside += visits.came > 2 ? 1 : 0
                visits.haveMet = visits.haveMet || visits.inside == 2
                return visits.came
            }
            if place == 2 { return }
            while place > 2, visits.withLock({ !$0.haveMet }) { await Task.yield() }
            try await client.write(bytes)
            _ = try await client.read()
            visits.update { visits in
                visits.inside -= place > 2 ? 1 : 0
                visits.answered += 1
            }
        }) { address in
            var plan = BenchPlan.short
            (plan.mode, plan.clients, plan.warmup, plan.timeout) = (.churn, 2, .seconds(600), .seconds(30))
            let bench = try Bench("\(address)", plan)
            let outcome = try await bench.run { progress in
                guard case .warmingUp = progress else { return }
                _ = visits.wait(until: .now + .seconds(30)) { $0.haveMet && $0.answered >= 20 ? true : nil }
                bench.stop()
            }
            #expect(outcome.clients == 2)
            #expect(outcome.errors == ["closed by the server": 1])
        }
    }

    /// The server rejects 3 of 4 clients once, and then serves them.
    @Test("a client that is served on its second connection counts once")
    func aClientThatIsServedOnItsSecondConnectionCountsOnce() async throws {
        let visits = Monitor((came: 0, served: 0))
        try await withServer({ client in
            // The first connection of the bench sends nothing.
            guard let greeting = try await client.read() else { return }
            let place = visits.update { visits in
                visits.came += 1
                return visits.came
            }
            if (2...4).contains(place) {
                // All 3 are rejected together: a client that came back sooner would be rejected again.
                while visits.withLock({ $0.came < 4 }) { await Task.yield() }
                return
            }
            try await client.write(greeting)
            guard let second = try await client.read() else { return }
            visits.update { $0.served += 1 }
            try await client.write(second)
            try await EchoService.serve(client)
        }) { address in
            var plan = BenchPlan.short
            (plan.warmup, plan.timeout) = (.seconds(600), .seconds(30))
            let bench = try Bench("\(address)", plan)
            let outcome = try await bench.run { progress in
                guard case .warmingUp = progress else { return }
                // A client that sends its second message has received its first echo.
                _ = visits.wait(until: .now + .seconds(30)) { $0.served == 4 ? true : nil }
                bench.stop()
            }
            #expect(outcome.clients == 4)
            #expect(outcome.errors == ["closed by the server": 3])
        }
    }
}
