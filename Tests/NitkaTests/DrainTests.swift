// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

@Suite struct DrainTests {
    @Test("a drain waits, then cuts off once, then shuts down until the server has ended") func plan() {
        let start = MonotonicTime(nanoseconds: 0)
        var plan = DrainPlan(start: start, time: .seconds(4))
        #expect(plan.next(at: start) == .wait(until: start + .seconds(4)))
        #expect(plan.next(at: start + .seconds(4)) == .cutOff)
        #expect(plan.next(at: start + .seconds(4)) == .wait(until: start + .seconds(5)))
        #expect(plan.next(at: start + .seconds(5)) == .shutDown)
        #expect(plan.next(at: start + .seconds(6)) == .shutDown)
    }

    @Test(
        "during a drain, connected clients and those in the backlog get every byte back",
        arguments: ServingModel.allCases)
    func nothingIsLost(model: ServingModel) throws {
        try withServer(model, limits: Limits(clients: 20)) { running in
            let connections = try (0..<25).map { _ in try running.connect() }
            for connection in connections { try connection.write(pattern(10_000)) }
            running.server.drain(within: .seconds(20))
            for connection in connections {
                #expect(try connection.readToEnd() == pattern(10_000))
                connection.close()
            }
            let totals = try #require(running.ended())
            #expect(totals.accepted == 25)
            #expect(totals.endedByReason["cut_off"] == nil)
            #expect(totals.active == 0)
        }
    }

    @Test(
        "a client that never stops sending gets an exact prefix, then the end of the stream",
        arguments: ServingModel.allCases)
    func exactPrefix(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            #expect(try connection.echo("begin") == "begin")
            let isOver = Monitor(false)
            // Made beforehand: for the server, a writer that pauses is a client that has stopped.
            let block = pattern(65_521)
            try together(2) { side in
                if side == 0 {
                    // A write that fails after the server has closed ends the loop too.
                    while !isOver.withLock({ $0 }), (try? connection.write(block)) != nil {}
                } else {
                    running.server.drain(within: .seconds(4))
                    let twice = block + block
                    var position = 0
                    var isExact = true
                    while let bytes = try connection.read() {
                        let start = position % block.count
                        isExact = isExact && bytes[...] == twice[start..<start + bytes.count]
                        position += bytes.count
                    }
                    #expect(isExact)
                    #expect(position > 0)
                    isOver.update { $0 = true }
                    connection.close()
                }
            }
            #expect(running.ended()?.endedByReason["cut_off"] == 1)
        }
    }

    @Test("a drain that wakes too late cuts off before it shuts down") func latePlan() {
        let start = MonotonicTime(nanoseconds: 0)
        var plan = DrainPlan(start: start, time: .seconds(1))
        #expect(plan.next(at: start + .seconds(9)) == .cutOff)
        #expect(plan.next(at: start + .seconds(9)) == .shutDown)
    }

    @Test(
        "at the end of a drain, each client in the backlog gets the end of the stream and counts as cut off",
        arguments: ServingModel.allCases)
    func backlogIsCutOff(model: ServingModel) throws {
        try withServer(model, limits: Limits(clients: 2), handlers: .busy) { running in
            let busy = try (0..<2).map { _ in try running.connect() }
            for connection in busy { try connection.write([1]) }
            if model != .iterative {
                try eventually("the server is full") { running.server.snapshot().active == 2 }
            }
            let waiting = try (0..<100).map { _ in try running.connect() }
            for connection in waiting { try connection.write(pattern(1000)) }
            running.server.drain(within: .milliseconds(200))
            for connection in waiting {
                #expect(try connection.readToEnd() == [])
                connection.close()
            }
            for connection in busy { connection.close() }
            let totals = try #require(running.ended())
            #expect(totals.accepted == 102)
            #expect(totals.endedByReason["cut_off"] == 102)
            #expect(totals.active == 0)
        }
    }

    @Test("a drain sends the end of the stream to an idle client", arguments: ServingModel.allCases)
    func idleClient(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            #expect(try connection.echo("x") == "x")
            running.server.drain(within: .seconds(20))
            #expect(try connection.read() == nil)
            connection.close()
            #expect(running.ended()?.endedByReason == ["drained": 1])
        }
    }

    @Test("a server that drains before it runs serves the clients in its backlog", arguments: ServingModel.allCases)
    func drainBeforeRun(model: ServingModel) throws {
        let server = try Server(on: "127.0.0.1:0")
        let connection = try Connection.open(to: server.addresses[0])
        try connection.write([1, 2, 3])
        connection.closeWrite()
        server.drain(within: .seconds(5))
        _ = try server.run(model, .echo)
        #expect(try connection.readToEnd() == [1, 2, 3])
    }

    @Test("a server runs once; a second run throws", arguments: ServingModel.allCases)
    func secondRun(model: ServingModel) throws {
        try withServer(model) { running in
            try eventually("the server runs") { running.server.snapshot().phase == .running }
            #expect(throws: NitkaError.self) { try running.server.run(model, .echo) }
        }
    }
}

extension Handlers {
    /// Each client is served until it is cut off.
    fileprivate static let busy = Handlers(
        plain: { client in
            let step = Duration.milliseconds(5)
            while (try? client.write([0])) != nil { pause(until: .now + step) }
        },
        tasks: { client in
            while (try? await client.write([0])) != nil { try await Task.sleep(for: .milliseconds(5)) }
        })
}
