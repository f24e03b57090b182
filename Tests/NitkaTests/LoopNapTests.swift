// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

/// What tells a loop that somebody waits for it, and not for a stream: see ``NapPolicy``.
@Suite struct LoopNapTests {
    /// Is the loop of the calling task to nap no more?
    private static var endsNaps: Bool? { EventLoop.current?.nap.isToEnd }

    @Test(arguments: [ServingModel.tasks])
    func aWriteOfAHandlerEndsNaps(model: ServingModel) throws {
        let seen = Monitor<[(before: Bool?, after: Bool?)]>([])
        let handlers = Handlers.tasks { client in
            var bytes = [UInt8](repeating: 0, count: 1)
            // What fills its room may be a stream's, and ends none.
            var room = bytes.mutableSpan
            while try await client.read(into: &room) != nil {
                let before = Self.endsNaps
                try await client.write(room.span.bytes)
                let after = Self.endsNaps
                seen.update { $0.append((before, after)) }
            }
        }
        try withServer(model, handlers: handlers, loops: 1) { running in
            let client = try running.connect()
            // The loop forgets it when it sleeps: it may not have slept yet, where this thread was slow.
            try eventually("a write before which nobody waited") {
                let answer = try client.echo("x")
                #expect(answer == "x")
                return seen.withLock { $0.last?.before == false }
            }
        }
        #expect(seen.withLock { $0.allSatisfy { $0.after == true } })
    }

    @Test(arguments: [ServingModel.tasks])
    func aJobFromAnotherThreadEndsNaps(model: ServingModel) throws {
        let (hasEndedThem, threads) = (Monitor(false), ThreadChain())
        let handlers = Handlers.tasks { client in
            var bytes = [UInt8](repeating: 0, count: 1)
            var room = bytes.mutableSpan
            while try await client.read(into: &room) != nil {
                let before = Self.endsNaps
                // Comes back through the loop's mailbox, unless it was done before anybody waited for it. The pool's
                // threads would do, did other tests not block them.
                await withUnsafeContinuation { continuation in
                    do { try threads.start(named: "other") { continuation.resume() } } catch { continuation.resume() }
                }
                let after = Self.endsNaps
                if before == false, after == true { hasEndedThem.update { $0 = true } }
                try await client.write(room.span.bytes)
            }
        }
        try withServer(model, handlers: handlers, loops: 1) { running in
            let client = try running.connect()
            try eventually("a job that ends naps") {
                let answer = try client.echo("x")
                #expect(answer == "x")
                return hasEndedThem.withLock { $0 }
            }
        }
    }
}
