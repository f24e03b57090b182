// SPDX-License-Identifier: Apache-2.0

import NitkaEcho
import NitkaSystem
import Testing

@testable import Nitka

/// What could go wrong where an event loop passes messages on by itself, though every model must do it.
@Suite struct PassingOnTests {
    /// Messages of every size, small ones among large ones: each goes another way.
    @Test(arguments: ServingModel.concurrent)
    func sizesTakeTurns(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            var total = 0
            for round in 0..<3 {
                for size in [1, 63, 64, 65, 4096, 32_767, 32_768, 32_769, 65_535, 65_536, 200_000] {
                    let message = pattern(size, seed: UInt64(size + round))
                    try connection.write(message)
                    #expect(try connection.read(exactly: size) == message)
                    total += size
                }
                for number in 0..<40 { #expect(try connection.echo("\(number % 10)") == "\(number % 10)") }
                total += 40
            }
            let snapshot = running.server.snapshot()
            #expect(snapshot.bytesIn == UInt64(total))
            try eventually("all is counted") { running.server.snapshot().bytesOut == UInt64(total) }
        }
    }

    /// More at once than one batch of the loop holds, of messages of which two fill it.
    @Test(arguments: ServingModel.concurrent)
    func allSendMoreThanABatchHolds(model: ServingModel) throws {
        let rest = pattern(30_000)
        try withServer(model) { running in
            try together(48) { number in
                let connection = try running.connect()
                for round in 0..<3 {
                    let burst = [UInt8(number), UInt8(round)] + rest
                    try connection.write(burst)
                    let got = try connection.read(exactly: burst.count)
                    #expect(got == burst)
                }
            }
        }
    }

    /// Small messages to a client that takes none of them for a while: sends come back short, and nothing is lost.
    @Test(arguments: ServingModel.concurrent)
    func smallMessagesToAClientThatReadsLate(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            let all = pattern(6 << 20)
            let isFull = Monitor(false)
            try together(2) { side in
                if side == 0 {
                    var position = 0
                    while position < all.count {
                        let end = min(position + 1000, all.count)
                        try connection.write(Array(all[position..<end]))
                        position = end
                    }
                    connection.closeWrite()
                } else {
                    // Its client has to find no room first: how long that takes is the kernel's.
                    _ = isFull.wait(until: .now + .milliseconds(300)) { $0 ? true : nil }
                    let got = try connection.readToEnd()
                    #expect(got == all)
                }
            }
            try eventually("it has left") { running.server.snapshot().endedByReason == ["peer_finished": 1] }
            let snapshot = running.server.snapshot()
            #expect(snapshot.bytesIn == UInt64(all.count) && snapshot.bytesOut == UInt64(all.count))
        }
    }

    /// One forwards to the other, whose peer goes: what the first one sends after that is there to be read, in order.
    @Test(arguments: [ServingModel.tasks])
    func whatCameAfterTheTargetFailedIsReadNext(model: ServingModel) throws {
        let first = Monitor<AsyncClient?>(nil)
        let rest = Monitor<[UInt8]?>(nil)
        let (readings, reading) = AsyncStream.makeStream(of: Void.self)
        let handlers = Handlers.tasks { client in
            guard
                let source = first.update({ held -> AsyncClient? in
                    defer { held = held ?? client }
                    return held
                })
            else {
                for await _ in readings { break }
                return
            }
            do { try await source.forward(to: client) } catch {}
            var bytes: [UInt8] = []
            while let more = try await source.read() { bytes += more }
            rest.update { [bytes] in $0 = bytes }
            reading.finish()
        }
        try withServer(model, handlers: handlers, loops: 1) { running in
            let source = try running.connect()
            try eventually("the source is there") { first.withLock { $0 != nil } }
            let target = try running.connect()
            let all = pattern(400_000)
            try source.write(Array(all[..<1000]))
            #expect(try target.read(exactly: 1000) == Array(all[..<1000]))
            try source.write(Array(all[1000..<2000]))
            // Half of it read, the rest unread: closing resets.
            var room: [UInt8] = [0]
            var span = room.mutableSpan
            #expect(try target.read(into: &span) == 1)
            target.close()
            for start in stride(from: 2000, to: all.count, by: 1000) {
                try source.write(Array(all[start..<start + 1000]))
            }
            source.closeWrite()
            let got = try #require(rest.wait(until: .now + .seconds(20)) { $0 })
            #expect(got.count > 100_000)
            #expect(got == Array(all.suffix(got.count)))
        }
    }

    /// Another task closes the connection while the loop passes on its messages.
    @Test(arguments: [ServingModel.tasks])
    func closingWhileItPassesOnEndsIt(model: ServingModel) throws {
        let clients = Monitor<[AsyncClient]>([])
        let failures = Monitor<[NitkaError]>([])
        let handlers = Handlers.tasks { client in
            clients.update { $0.append(client) }
            do {
                try await client.forward(to: client)
            } catch {
                if let error = error as? NitkaError { failures.update { $0.append(error) } }
                throw error
            }
        }
        try withServer(model, handlers: handlers) { running in
            for round in 1...20 {
                let connection = try running.connect()
                #expect(try connection.echo("\(round)") == "\(round)")
                clients.withLock { $0[round - 1] }.connection.close()
                #expect((try? connection.readToEnd()) ?? [] == [])
                try eventually("it has left") { running.server.snapshot().ended == UInt64(round) }
                connection.close()
            }
            #expect(running.server.snapshot().active == 0)
        }
    }

    /// Others write to a client whose messages the loop passes on: no byte is lost, and writes do not mix.
    @Test(arguments: [ServingModel.tasks])
    func othersWriteMeanwhile(model: ServingModel) throws {
        let first = Monitor<AsyncClient?>(nil)
        let block = [UInt8](repeating: 9, count: 3_000_000)
        let handlers = Handlers.tasks { client in
            let target = first.update { held -> AsyncClient? in
                defer { held = held ?? client }
                return held
            }
            guard let target else { return try await client.forward(to: client) }
            try await target.write(block)
        }
        try withServer(model, handlers: handlers) { running in
            let connection = try running.connect()
            #expect(try connection.echo("a") == "a")
            let other = try running.connect()
            let message = [UInt8](repeating: 1, count: 100)
            try together(2) { side in
                if side == 0 {
                    for _ in 0..<1000 { try connection.write(message) }
                } else {
                    let got = try connection.read(exactly: block.count + 100_000)
                    let start = try #require(got.firstIndex(of: 9))
                    #expect(got[start..<start + block.count].allSatisfy { $0 == 9 })
                    #expect(got.count { $0 == 1 } == 100_000)
                }
            }
            other.close()
        }
    }
}
