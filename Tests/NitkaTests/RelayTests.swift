// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

/// `forward` while another connection, thread or task uses the same connections.
@Suite struct RelayTests {
    @Test(
        "after a relay's target has failed, the source's later bytes can be read in order",
        arguments: ServingModel.concurrent)
    func targetFails(model: ServingModel) throws {
        let (plain, tasks) = (FirstClient<Client>(), FirstClient<AsyncClient>())
        let rest = Monitor<[UInt8]?>(nil)
        let isRead = Monitor(false)
        let (readings, reading) = AsyncStream.makeStream(of: Void.self)
        // The first client is the source. Its handler keeps it open; the handler of the second one relays to its own.
        let handlers = Handlers { client in
            guard let source = plain.orSet(client) else {
                _ = isRead.becomesTrue()
                return
            }
            do { try source.forward(to: client) } catch {}
            var bytes: [UInt8] = []
            while let more = try source.read() { bytes += more }
            rest.update { [bytes] in $0 = bytes }
            isRead.update { $0 = true }
        } tasks: { client in
            guard let source = tasks.orSet(client) else {
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
            try eventually("the source is connected") { plain.isSet || tasks.isSet }
            let target = try running.connect()
            let all = pattern(400_000)
            try source.write(Array(all[..<1000]))
            #expect(try target.read(exactly: 1000) == Array(all[..<1000]))
            try source.write(Array(all[1000..<2000]))
            // A close with unread input resets.
            var buffer: [UInt8] = [0]
            var span = buffer.mutableSpan
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

    @Test("a close from another thread ends a relay", arguments: ServingModel.allCases)
    func closeEndsRelay(model: ServingModel) throws {
        let close = Monitor<(@Sendable () -> Void)?>(nil)
        let handlers = Handlers { client in
            close.update { $0 = { client.connection.close() } }
            try client.forward(to: client)
        } tasks: { client in
            close.update { $0 = { client.connection.close() } }
            try await client.forward(to: client)
        }
        try withServer(model, handlers: handlers) { running in
            for round in 1...20 {
                let connection = try running.connect()
                #expect(try connection.echo("\(round)") == "\(round)")
                let closeRelay = try #require(close.withLock { $0 })
                closeRelay()
                #expect((try? connection.readToEnd()) ?? [] == [])
                try eventually("the client has ended") { running.server.snapshot().ended == UInt64(round) }
                connection.close()
            }
            #expect(running.server.snapshot().active == 0)
        }
    }

    @Test("a write to a client that is being relayed loses and splits no bytes", arguments: ServingModel.concurrent)
    func otherWriter(model: ServingModel) throws {
        let (plain, tasks) = (FirstClient<Client>(), FirstClient<AsyncClient>())
        let block = [UInt8](repeating: 9, count: 3_000_000)
        let handlers = Handlers { client in
            guard let target = plain.orSet(client) else { return try client.forward(to: client) }
            try target.write(block)
        } tasks: { client in
            guard let target = tasks.orSet(client) else { return try await client.forward(to: client) }
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

/// The first client of a server, for the handlers of the later ones.
private final class FirstClient<Element: Sendable>: Sendable {
    private let first = Monitor<Element?>(nil)

    var isSet: Bool { first.withLock { $0 != nil } }

    /// The first client; nil for the first client itself, which is kept.
    func orSet(_ client: Element) -> Element? {
        first.update { first in
            defer { first = first ?? client }
            return first
        }
    }
}
