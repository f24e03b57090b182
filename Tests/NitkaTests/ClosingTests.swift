// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

@Suite struct ClosingTests {
    @Test("a graceful close ends when nothing can be lost any more") func gracefulClose() {
        let start = MonotonicTime(nanoseconds: 0)
        var closing = GracefulClose(deadline: start + .seconds(2), limit: 1000)
        #expect(closing.next(unacknowledged: 9, at: start) == .discard(until: start + .milliseconds(500)))
        closing.noteQuiet()
        #expect(closing.next(unacknowledged: 9, at: start) == .discard(until: start + .milliseconds(500)))
        #expect(closing.next(unacknowledged: 0, at: start) == .close)
        closing.noteDiscarded(500)
        #expect(closing.next(unacknowledged: 0, at: start) == .discard(until: start + .milliseconds(500)))
        closing.noteDiscarded(500)
        #expect(closing.next(unacknowledged: 1, at: start) == .wait(until: start + .milliseconds(10)))
        #expect(closing.next(unacknowledged: 0, at: start) == .close)
        #expect(closing.next(unacknowledged: 1, at: start + .milliseconds(1995)) == .wait(until: start + .seconds(2)))
        #expect(closing.next(unacknowledged: 1, at: start + .seconds(2)) == .close)
    }

    /// The kernel may give the number of a closed connection to another one at once.
    @Test("a task that still has a closed connection touches no other connection") func reusedNumber() async throws {
        let greeted = Monitor(0)
        let greet = Handlers.plain { client in
            try client.write(Array("hello \(client.id)".utf8))
            greeted.update { $0 += 1 }
            while let bytes = try client.read() { try client.write(bytes) }
        }
        try await withServerAsync(.threads, handlers: greet) { running in
            let address = running.address
            try await EventLoops.with(count: 1) { loops in
                let first = try await AsyncConnection.open(to: address)
                #expect(try await first.read() == Array("hello 1".utf8))
                // A child task on the same loop waits in the read.
                async let late = Self.outcome { try await first.read() }
                await Self.letOthersRun()
                first.close()
                // At once, so that it gets the number, and has input before the reader runs.
                let second = try await AsyncConnection.open(to: address)
                #expect(greeted.reaches(2))
                #expect(await late == .closed)
                #expect(await Self.outcome { try await first.write([1]) } == .closed)
                #expect(try await second.read() == Array("hello 2".utf8))
                try await second.write([2])
                #expect(try await second.read() == [2])
            }
        }
    }

    /// The reason why the body failed; nil when it succeeded.
    private nonisolated(nonsending) static func outcome<Value>(
        _ body: () async throws -> Value
    ) async -> NitkaError.Reason? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? NitkaError)?.reason
        }
    }

    private nonisolated(nonsending) static func letOthersRun() async {
        for _ in 0..<10 { await Task.yield() }
    }
}
