// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

@Suite struct AsyncConnectingTests {
    @Test("tasks on event loops connect and talk to a server", arguments: ServingModel.allCases)
    func connect(model: ServingModel) async throws {
        try await withServerAsync(model) { running in
            let address = running.address
            try await EventLoops.with(count: 2) { loops in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<20 {
                        group.addTask(executorPreference: loops.next()) {
                            let connection = try await AsyncConnection.open(to: address)
                            let text = Array("client \(number)".utf8)
                            try await connection.write(text)
                            #expect(try await connection.read() == text)
                            await connection.closeWrite()
                            #expect(try await connection.read() == nil)
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(running.server.snapshot().accepted == 20)
        }
    }

    @Test("a task connects to a name, which is looked up on another thread") func name() async throws {
        try await withServerAsync(.threads) { running in
            let endpoint = try Endpoint(host: "localhost", port: running.address.port)
            try await EventLoops.with(count: 1) { _ in
                let connection = try await AsyncConnection.open(to: endpoint)
                #expect(connection.peer == running.address)
            }
        }
    }

    @Test("a refused connection is reported in one sentence") func refused() async throws {
        await #expect(throws: NitkaError.self) {
            try await EventLoops.with(count: 1) { _ in
                do {
                    _ = try await AsyncConnection.open(to: Endpoint("127.0.0.1:1"))
                } catch {
                    #expect("\(error)" == "connect to 127.0.0.1:1: connection refused")
                    throw error
                }
            }
        }
    }

    @Test("a task that runs on no event loop can't connect") func noLoop() async throws {
        await #expect(throws: NitkaError.self) { try await AsyncConnection.open(to: Endpoint("127.0.0.1:1")) }
    }

    /// A listener whose backlog is full answers no SYN.
    @Test("an attempt that gets no answer ends at its timeout, and not before") func timeout() async throws {
        let listener = try Listener(on: Endpoint("127.0.0.1:0"), backlog: 1)
        let address = listener.addresses[0]
        try await EventLoops.with(count: 1) { _ in
            var waiting: [AsyncConnection] = []
            var failure: NitkaError?
            var start = MonotonicTime.now
            for _ in 0..<8 where failure == nil {
                start = .now
                do throws(NitkaError) {
                    waiting.append(try await AsyncConnection.open(to: address, timeout: .milliseconds(300)))
                } catch {
                    failure = error
                }
            }
            #expect(failure?.reason == .timedOut)
            expectTime(since: start, atLeast: .milliseconds(300))
        }
        withExtendedLifetime(listener) {}
    }

    @Test("a connection whose loop has ended throws from every call") func loopHasEnded() async throws {
        try await withServerAsync(.threads) { running in
            let address = running.address
            let connection = try await EventLoops.with(count: 1) { _ in try await AsyncConnection.open(to: address) }
            await #expect(throws: NitkaError.self) { _ = try await connection.read() }
            await #expect(throws: NitkaError.self) { try await connection.write([1]) }
            connection.close()
        }
    }

    @Test("event loops leak no descriptor") func noLeak() async {
        await #expect(processExitsWith: .success) {
            try await EventLoops.with(count: 2) { _ in }
            let before = descriptorCount()
            for _ in 0..<20 {
                try await EventLoops.with(count: 2) { _ in
                    _ = try? await AsyncConnection.open(to: Endpoint("127.0.0.1:1"))
                }
            }
            // The runtime may keep the last task, and with it its loop, for a moment: also the loop before the count.
            try eventually("the loops are released") { descriptorCount() <= before }
        }
    }
}
