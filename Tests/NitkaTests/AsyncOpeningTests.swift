// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Testing

/// Connecting from tasks.
@Suite struct AsyncOpeningTests {
    @Test(arguments: ServingModel.concurrent)
    func tasksTalkToAServer(model: ServingModel) async throws {
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

    @Test func aNameIsLookedUpAwayFromTheLoop() async throws {
        try await withServerAsync(.threads) { running in
            let endpoint = try Endpoint(host: "localhost", port: running.address.port)
            try await EventLoops.with(count: 1) { _ in
                let connection = try await AsyncConnection.open(to: endpoint)
                #expect(connection.peer == running.address)
            }
        }
    }

    @Test func refusedIsSaidInOneSentence() async throws {
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

    @Test func aTaskWithoutALoopIsTold() async throws {
        await #expect(throws: NitkaError.self) { try await AsyncConnection.open(to: Endpoint("127.0.0.1:1")) }
    }

    /// A queue that is full answers nobody: the attempt ends when it was told to.
    @Test func whoDoesNotAnswerTimesOut() async throws {
        let listener = try Listener(on: Endpoint("127.0.0.1:0"), backlog: 1)
        let address = listener.addresses[0]
        try await EventLoops.with(count: 1) { _ in
            var waiting: [AsyncConnection] = []
            var failure: NitkaError?
            for _ in 0..<8 where failure == nil {
                do throws(NitkaError) {
                    waiting.append(try await AsyncConnection.open(to: address, timeout: .milliseconds(300)))
                } catch {
                    failure = error
                }
            }
            #expect(failure?.reason == .timedOut)
        }
        withExtendedLifetime(listener) {}
    }

    @Test func whoOutlivesItsLoopIsTold() async throws {
        try await withServerAsync(.threads) { running in
            let address = running.address
            let connection = try await EventLoops.with(count: 1) { _ in try await AsyncConnection.open(to: address) }
            await #expect(throws: NitkaError.self) { _ = try await connection.read() }
            await #expect(throws: NitkaError.self) { try await connection.write([1]) }
            connection.close()
        }
    }

    @Test func loopsLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            func count() -> Int { ProcFile.names(in: "/proc/self/fd")?.count ?? -1 }
            try await EventLoops.with(count: 2) { _ in }
            let before = count()
            for _ in 0..<20 {
                try await EventLoops.with(count: 2) { _ in
                    _ = try? await AsyncConnection.open(to: Endpoint("127.0.0.1:1"))
                }
            }
            // The runtime may hold the last task, and with it its loop, for a moment longer: also the one before the count.
            try eventually("the loops have gone") { count() <= before }
        }
    }
}

/// A server for as long as the body runs, for tests that await.
func withServerAsync<Result>(
    _ model: ServingModel, limits: Limits = Limits(), handlers: Handlers = .echo,
    _ body: (RunningServer) async throws -> Result
) async throws -> Result {
    let running = try RunningServer(model, limits: limits, handlers: handlers)
    defer { running.stop() }
    return try await body(running)
}

/// What `body` returns, from a thread where it may block.
func onAThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let chain = ThreadGroup()
    let result = Monitor<Result<Value, any Error>?>(nil)
    try chain.start(named: "test") {
        let value = Result { try body() }
        result.update { $0 = value }
    }
    defer { _ = chain.join(until: nil) }
    return try result.wait { $0 }!.get()
}
