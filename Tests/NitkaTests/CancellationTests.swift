// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

/// The waits of an async connection end when their task is cancelled.
@Suite struct CancellationTests {
    @Test("a read against a sleep in a task group ends on time, and the next read continues")
    func timeoutIdiom() throws {
        let handlers = Handlers.tasks { client in
            let start = MonotonicTime.now
            let first = try await read(client, within: .milliseconds(50))
            #expect(first == nil)
            expectTime(since: start, atLeast: .milliseconds(50))
            try await client.write(Array("timeout".utf8))
            while let bytes = try await client.read() { try await client.write(bytes) }
        }
        try withServer(.tasks, handlers: handlers) { running in
            let connection = try running.connect()
            #expect(try connection.read(exactly: 7) == Array("timeout".utf8))
            #expect(try connection.echo("still there") == "still there")
        }
    }

    @Test("a cancelled write closes the connection for writing: the peer gets a prefix, then the end of the stream")
    func cancelledWrite() throws {
        let isOver = Monitor(false)
        let handlers = Handlers.tasks { client in
            // The peer does not read yet, so the write waits for space.
            let failure = await failure { try await client.write(pattern(32 << 20)) }
            #expect(failure?.reason == .cancelled)
            await #expect(throws: NitkaError.self) { try await client.write([1]) }
            isOver.update { $0 = true }
        }
        try withServer(.tasks, handlers: handlers) { running in
            let connection = try running.connect()
            #expect(isOver.becomesTrue())
            let all = try connection.readToEnd()
            let isPrefix = all == pattern(all.count)
            #expect(!all.isEmpty && all.count < 32 << 20)
            #expect(isPrefix)
        }
    }

    @Test("the wait of a second reader and of a second writer ends") func waitForTheOtherTask() throws {
        let isOver = Monitor(false)
        let handlers = Handlers.tasks { client in
            // The peer does not read yet, so the first writer waits for space.
            let reader = Task(executorPreference: client.connection.loop) { try await client.read() }
            let writer = Task(executorPreference: client.connection.loop) { try await client.write(pattern(32 << 20)) }
            let readFailure = await failure { _ = try await client.read() }
            let writeFailure = await failure { try await client.write([1]) }
            #expect(readFailure?.reason == .cancelled)
            #expect(writeFailure?.reason == .cancelled)
            reader.cancel()
            writer.cancel()
            await #expect(throws: NitkaError.self) { _ = try await reader.value }
            await #expect(throws: NitkaError.self) { try await writer.value }
            isOver.update { $0 = true }
        }
        try withServer(.tasks, handlers: handlers) { running in
            let connection = try running.connect()
            #expect(isOver.becomesTrue())
            _ = try connection.readToEnd()
            connection.close()
            running.server.drain(within: .seconds(20))
            #expect(running.ended()?.active == 0)
        }
    }

    @Test("a cancelled relay ends, and the record of its client says so") func cancelledForward() throws {
        let handlers = Handlers.tasks { client in
            let failure = await failure { try await client.forward(to: client) }
            if let failure { throw failure }
        }
        try withServer(.tasks, handlers: handlers) { running in
            let connection = try running.connect()
            #expect(try connection.readToEnd() == [])
            connection.close()
            try running.expectEnd("cancelled")
        }
    }

    @Test("a cancelled graceful close closes at once") func cancelledClose() async throws {
        let listener = try Listener(on: Endpoint("127.0.0.1:0"))
        try await EventLoops.with(count: 1) { _ in
            let connection = try await AsyncConnection.open(to: listener.addresses[0])
            let start = MonotonicTime.now
            await cancelled { await connection.close(gracefullyWithin: .seconds(20)) }
            #expect(.now - start < .seconds(10))
            #expect(connection.local == nil)
        }
    }

    @Test("a cancelled attempt to connect ends") func cancelledOpen() async throws {
        // The backlog is full: the kernel ignores further connections.
        let listener = try Listener(on: Endpoint("127.0.0.1:0"), backlog: 0)
        let waiting = try connect(to: listener)
        try await EventLoops.with(count: 1) { _ in
            let address = listener.addresses[0]
            let failure = await failure { _ = try await AsyncConnection.open(to: address, timeout: .seconds(20)) }
            #expect(failure?.reason == .cancelled)
        }
        waiting.close()
    }

    @Test("a cancelled task reads nothing more, although input is there") func cancelledBefore() throws {
        let handlers = Handlers.tasks { client in
            let reader = Task(executorPreference: client.connection.loop) {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.read()
            }
            await #expect(throws: NitkaError.self) { _ = try await reader.value }
            while let bytes = try await client.read() { try await client.write(bytes) }
        }
        try withServer(.tasks, handlers: handlers) { running in
            let connection = try running.connect()
            #expect(try connection.echo("nothing is lost") == "nothing is lost")
        }
    }
}

private func connect(to listener: Listener) throws -> Connection { try Connection.open(to: listener.addresses[0]) }

/// The Swift idiom for a timeout; nil when the time was over first.
private nonisolated(nonsending) func read(_ client: AsyncClient, within time: Duration) async throws -> [UInt8]? {
    try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
        group.addTask { try await client.read() }
        group.addTask {
            try await Task.sleep(for: time)
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}

/// Runs the body in a task of the caller's loop, and cancels it once it waits.
private nonisolated(nonsending) func cancelled(_ body: @escaping @Sendable () async -> Void) async {
    await withTaskGroup(of: Void.self) { group in
        group.addTask { await body() }
        // The loop runs its jobs in order: the body has run as far as its first wait.
        await Task.yield()
        group.cancelAll()
    }
}

/// What the body throws when its task is cancelled in its first wait.
private nonisolated(nonsending) func failure(
    _ body: @escaping @Sendable () async throws -> Void
) async -> NitkaError? {
    let failure = Monitor<NitkaError?>(nil)
    await cancelled {
        do { try await body() } catch { failure.withLock { $0 = error as? NitkaError } }
    }
    return failure.withLock { $0 }
}
