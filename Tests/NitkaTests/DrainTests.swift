// SPDX-License-Identifier: Apache-2.0

@testable import Nitka
import NitkaSystem
import Testing

@Suite struct DrainTests {
    @Test(arguments: ServingModel.concurrent)
    func whoIsThereAndWhoWaitsLosesNothing(model: ServingModel) throws {
        var limits = Limits()
        limits.clients = 20
        try withServer(model, limits: limits) { running in
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

    @Test(arguments: ServingModel.allCases)
    func whoNeverStopsGetsAnExactPrefixAndTheEnd(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            #expect(try connection.echo("begin") == "begin")
            let isOver = Monitor(false)
            // Made beforehand: a writer that pauses for long would be a client that stops.
            let block = pattern(65_521)
            try together(2) { side in
                if side == 0 {
                    // It fails once the server has closed: that is the end of this loop, too.
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

    @Test(arguments: ServingModel.allCases)
    func anIdleClientIsToldTheEnd(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            #expect(try connection.echo("x") == "x")
            running.server.drain(within: .seconds(20))
            #expect(try connection.read() == nil)
            connection.close()
            #expect(running.ended()?.endedByReason == ["drained": 1])
        }
    }

    @Test func aServerRunsOnce() throws {
        try withServer(.threads) { running in
            try eventually("it runs") { running.server.snapshot().phase == .running }
            #expect(throws: NitkaError.self) { try running.server.run { (_: Client) in } }
        }
    }

    @Test(arguments: ServingModel.allCases)
    func drainBeforeRunServesWhoWaits(model: ServingModel) throws {
        let server = try Server(on: "127.0.0.1:0")
        let connection = try Connection.open(to: server.addresses[0])
        try connection.write([1, 2, 3])
        connection.closeWrite()
        server.drain(within: .seconds(5))
        _ = try server.run(model, .echo)
        #expect(try connection.readToEnd() == [1, 2, 3])
    }
}
