// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

/// A closed connection's number may be another one's at once: nobody who still knows the closed one may touch that.
@Suite struct ClosedConnectionTests {
    @Test func whoKnowsAClosedConnectionTouchesNoOther() async throws {
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
                // A task of the same loop, which waits in the read while this one goes on.
                async let late = Self.outcome { try await first.read() }
                await Self.letOthersWait()
                first.close()
                // Without a pause in between: it gets the number, and has something to read before the reader runs.
                let second = try await AsyncConnection.open(to: address)
                #expect(greeted.isReached(2))
                #expect(await late == .closed)
                #expect(await Self.outcome { try await first.write([1]) } == .closed)
                #expect(try await second.read() == Array("hello 2".utf8))
                try await second.write([2])
                #expect(try await second.read() == [2])
            }
        }
    }

    /// Why it failed; nil when it did not.
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

    private nonisolated(nonsending) static func letOthersWait() async {
        for _ in 0..<10 { await Task.yield() }
    }
}

extension Monitor where State == Int {
    func isReached(_ count: Int) -> Bool { wait(until: .now + .seconds(30)) { $0 >= count ? true : nil } ?? false }
}
