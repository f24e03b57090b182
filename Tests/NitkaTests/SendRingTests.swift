// SPDX-License-Identifier: Apache-2.0

import NitkaEcho
import NitkaSystem
import Testing

@testable import Nitka

/// Many sends with one call, and what becomes of each.
@Suite(.enabled("skipped: this kernel refuses an io_uring") { (try? LoopIO.checkRing()) != nil }) struct SendRingTests {
    /// Of the sends of one call, one finds room, one none, one a closed socket, and one is not there.
    @Test func everySendHasAResultOfItsOwn() async throws {
        let isOver = Monitor(false)
        let handlers = Handlers.plain { client in
            if client.id > 1 { _ = isOver.wait(until: .now + .seconds(30)) { $0 ? true : nil } }
            while let bytes = try client.read() { try client.write(bytes) }
        }
        try await withServerAsync(.threads, handlers: handlers) { running in
            defer { isOver.update { $0 = true } }
            let address = running.address
            try await EventLoops.with(count: 1) { loops in
                let echoed = try await AsyncConnection.open(to: address)
                _ = try await Self.echo("a", echoed)
                let full = try await AsyncConnection.open(to: address)
                let closed = try await AsyncConnection.open(to: address)
                closed.close()
                let block = Self.block(of: 1 << 16)
                let ring = try SendRing()
                try await full.fill(from: block)

                echoed.socket.send(block, 65..<70, by: ring, number: 0)
                full.socket.send(block, 0..<10, by: ring, number: 1)
                closed.socket.send(block, 0..<10, by: ring, number: 2)
                ring.go(4)
                #expect(try Self.count(ring.sent(0)) == 5)
                for number in 1...3 { #expect(try Self.count(ring.sent(number)) == nil) }
                var got: [UInt8] = []
                while got.count < 5, let more = try await echoed.read() { got += more }
                #expect(got == [65, 66, 67, 68, 69])

                // What was so is not so for ever.
                echoed.socket.send(block, 97..<98, by: ring, number: 1)
                ring.go(2)
                #expect(try Self.count(ring.sent(0)) == nil)
                #expect(try Self.count(ring.sent(1)) == 1)
                #expect(try await echoed.read() == [97])
            }
        }
    }

    /// A send that is cut short says how much went: the peer gets just that.
    @Test func aShortSendSaysHowMuchItTook() async throws {
        let isFull = Monitor(false)
        let sums = Monitor<[Int]>([])
        let handlers = Handlers.plain { client in
            _ = isFull.wait(until: .now + .seconds(30)) { $0 ? true : nil }
            var sum = 0
            while let bytes = try client.read() { sum += bytes.count }
            sums.update { [sum] in $0.append(sum) }
        }
        try await withServerAsync(.threads, handlers: handlers) { running in
            let address = running.address
            try await EventLoops.with(count: 1) { loops in
                let connection = try await AsyncConnection.open(to: address)
                let block = Self.block(of: 1_000_003)
                let ring = try SendRing()
                var (taken, shorts) = (0, 0)
                while true {
                    connection.socket.send(block, 0..<block.count, by: ring, number: 0)
                    ring.go(1)
                    guard let count = try Self.count(ring.sent(0)) else { break }
                    taken += count
                    if count < block.count { shorts += 1 }
                }
                #expect(shorts > 0)
                isFull.update { $0 = true }
                await connection.endSending()
                #expect(try await connection.read() == nil)
                #expect(sums.wait(until: .now + .seconds(30)) { $0.first } == taken)
            }
        }
    }

    @Test func aSendAfterTheEndFails() async throws {
        try await withServerAsync(.threads) { running in
            let address = running.address
            try await EventLoops.with(count: 1) { loops in
                let connection = try await AsyncConnection.open(to: address)
                await connection.endSending()
                let block = Self.block(of: 1)
                let ring = try SendRing()
                connection.socket.send(block, 0..<1, by: ring, number: 0)
                ring.go(1)
                #expect(throws: Errno.brokenPipe) { try ring.sent(0) }
            }
        }
    }

    /// Byte n is n, modulo 256.
    private static func block(of count: Int) -> ByteBlock {
        let block = ByteBlock(count: count)
        block.fillPrefix(count) { bytes in
            for index in 0..<count {
                bytes.storeBytes(of: UInt8(truncatingIfNeeded: index), toByteOffset: index, as: UInt8.self)
            }
        }
        return block
    }

    private static func count(_ sent: Sent) -> Int? {
        if case .bytes(let count) = sent { count } else { nil }
    }

    private nonisolated(nonsending) static func echo(_ text: String, _ connection: AsyncConnection) async throws
        -> String
    {
        try await connection.write(Array(text.utf8))
        return String(decoding: try await connection.read() ?? [], as: UTF8.self)
    }
}

extension AsyncConnection {
    /// Sends until there is no room, also not when what is on its way has arrived: how many bytes went.
    @discardableResult
    nonisolated(nonsending) func fill(from block: borrowing ByteBlock) async throws -> Int {
        var (sum, refusals) = (0, 0)
        while refusals < 5 {
            if case .bytes(let count) = try socket.send(block, from: 0, to: block.count) {
                (sum, refusals) = (sum + count, 0)
            } else {
                refusals += 1
                await loop.pause(until: loop.now + 20_000_000)
            }
        }
        return sum
    }
}
