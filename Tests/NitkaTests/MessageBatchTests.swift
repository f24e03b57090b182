// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

/// What becomes of messages that a loop receives together, and that can't all be sent.
@Suite struct MessageBatchTests {
    @Test(arguments: ServingModel.onLoops)
    func oneBatchOfAllFates(model: ServingModel) throws {
        let plot = Plot()
        try withServer(model, handlers: .tasks(plot.handle), loops: 1) { running in
            var connections: [Connection] = []
            for number in 1...Plot.clients {
                connections.append(try running.connect())
                #expect(plot.ready.isReached(number))
            }
            let message = pattern(20_000, seed: 3)
            try plot.whileTheLoopIsHeld {
                for role in [Plot.fine, Plot.full, Plot.ended, Plot.targetClosed, Plot.alsoFine] {
                    try connections[role - 1].write(role == Plot.full ? message : Array("to \(role)".utf8))
                }
            }
            #expect(try connections[Plot.fine - 1].read(exactly: 4) == Array("to \(Plot.fine)".utf8))
            #expect(try connections[Plot.alsoFine - 1].read(exactly: 4) == Array("to \(Plot.alsoFine)".utf8))
            let filler = try #require(plot.filler.wait(until: .now + .seconds(20)) { $0 })
            let got = try connections[Plot.full - 1].read(exactly: filler + message.count)
            #expect(Array(got.suffix(message.count)) == message)
            #expect(try connections[Plot.ended - 1].readToEnd() == [])
            try eventually("two have failed") { plot.failures.withLock { $0.count } == 2 }
            #expect(plot.failures.withLock { $0[Plot.ended] } == .system(.brokenPipe))
            #expect(plot.failures.withLock { $0[Plot.targetClosed] } == .closed)
            for role in [Plot.fine, Plot.full, Plot.alsoFine] {
                #expect(try connections[role - 1].echo("again") == "again")
            }
        }
    }
}

/// Clients of one loop, each of whom has something else happen to what it sends.
private final class Plot: Sendable {
    static let (fine, full, ended, closed, targetClosed, alsoFine) = (1, 2, 3, 4, 5, 6)
    static let clients = 6

    let ready = Monitor(0)
    let filler = Monitor<Int?>(nil)
    let failures = Monitor<[Int: NitkaError.Reason]>([:])
    private let loop = Monitor<EventLoop?>(nil)
    private let toBeClosed = Monitor<AsyncClient?>(nil)

    @Sendable func handle(_ client: AsyncClient) async throws {
        loop.update { $0 = client.connection.loop }
        var target = client
        switch Int(client.id) {
        case Self.full:
            let block = ByteBlock(count: 1 << 16)
            block.fillPrefix(block.count) { bytes in
                for index in 0..<bytes.byteCount { bytes.storeBytes(of: 0, toByteOffset: index, as: UInt8.self) }
            }
            let count = try await client.connection.fill(from: block)
            filler.update { $0 = count }
        case Self.ended: await client.endSending()
        case Self.closed:
            toBeClosed.update { $0 = client }
            client.connection.close()
        case Self.targetClosed: target = toBeClosed.withLock { $0 } ?? client
        default: break
        }
        ready.update { $0 += 1 }
        if Int(client.id) == Self.closed { return }
        do {
            try await client.forward(to: target)
        } catch {
            // Takes the turn to write, which must be free again.
            await target.endSending()
            failures.update { $0[Int(client.id)] = error.reason }
            throw error
        }
    }

    /// Holds the loop's thread while `body` runs: what comes meanwhile is reported together.
    func whileTheLoopIsHeld(_ body: () throws -> Void) throws {
        let (isHeld, isOver) = (Monitor(0), Monitor(0))
        loop.withLock { $0 }?.perform {
            isHeld.update { $0 = 1 }
            _ = isOver.isReached(1)
        }
        defer { isOver.update { $0 = 1 } }
        #expect(isHeld.isReached(1))
        try body()
    }
}
