// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

/// What ends a write to a peer that takes nothing.
@Suite struct WriteDeadlineTests {
    private static let block = [UInt8](repeating: 7, count: 1 << 20)

    /// Writes without end, and never reads.
    private static let writing = Handlers {
        while true { try $0.write(block) }
    } tasks: {
        while true { try await $0.write(block) }
    }

    @Test(
        "a client that takes nothing is ended after the write timeout, and not before",
        arguments: ServingModel.allCases)
    func writeTimeout(model: ServingModel) throws {
        let start = MonotonicTime.now
        try withFullClient(model, Limits(writeTimeout: .milliseconds(300))) { running in
            try running.expectEnd("write_timeout")
            expectTime(since: start, atLeast: .milliseconds(300))
        }
    }

    @Test("a client that takes nothing is ended at its maximum age, and not before", arguments: ServingModel.allCases)
    func maximumAge(model: ServingModel) throws {
        let start = MonotonicTime.now
        try withFullClient(model, Limits(writeTimeout: nil, maximumAge: .milliseconds(300))) { running in
            try running.expectEnd("maximum_age")
            expectTime(since: start, atLeast: .milliseconds(300))
        }
    }

    @Test("a client that takes nothing can be disconnected", arguments: ServingModel.allCases)
    func disconnect(model: ServingModel) throws {
        try withFullClient(model, Limits()) { running in
            try waitUntilTheWriterWaits(running)
            #expect(running.server.disconnect(client: 1))
            try running.expectEnd("disconnected")
        }
    }

    @Test("a drain without time cuts off a client that takes nothing", arguments: ServingModel.allCases)
    func drain(model: ServingModel) throws {
        try withFullClient(model, Limits()) { running in
            try waitUntilTheWriterWaits(running)
            running.server.drain(within: .zero)
            #expect(running.ended()?.endedByReason == ["cut_off": 1])
        }
    }

    private func withFullClient(
        _ model: ServingModel, _ limits: Limits, _ body: (RunningServer) throws -> Void
    ) throws {
        try withServer(model, limits: limits, handlers: Self.writing) { running in
            let connection = try running.connect()
            defer { connection.close() }
            try body(running)
        }
    }

    /// Waits until the writer has sent nothing for longer than one call waits.
    private func waitUntilTheWriterWaits(_ running: RunningServer) throws {
        var last: (bytes: UInt64, moment: MonotonicTime) = (0, .now)
        try eventually("the writer waits") {
            let bytes = running.server.snapshot().bytesOut
            if bytes != last.bytes { last = (bytes, .now) }
            return bytes > 0 && .now > last.moment + Connection.slice * 2
        }
    }

    /// The loop is busy at the moment of the writer's check, and shortly before it, when another task wants to close. The
    /// loop then reports both together, and the close comes first.
    @Test("a close that coincides with a check of the write timeout ends the write") func closeBesideCheck() throws {
        let end = Monitor<NitkaError.Reason?>(nil)
        let handlers = Handlers.tasks { client in
            let loop = client.connection.loop
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    do throws(NitkaError) {
                        while true { try await client.write(Self.block) }
                    } catch {
                        end.update { $0 = error.reason }
                    }
                }
                // The first check is 50 ms after the buffers are full.
                group.addTask {
                    await suspend(on: loop, .milliseconds(40))
                    client.connection.close()
                }
                group.addTask {
                    let start = MonotonicTime.now
                    await suspend(on: loop, .milliseconds(10))
                    while .now < start + .milliseconds(150) {}
                }
            }
        }
        try withServer(.tasks, handlers: handlers, loops: 1) { running in
            let connection = try running.connect()
            try eventually("the write has ended") { end.withLock { $0 } != nil }
            #expect(end.withLock { $0 } == .closed)
            connection.close()
        }
    }

    @Test("a client that reads and never sends is ended at its maximum age", arguments: ServingModel.allCases)
    func maximumAgeOfReader(model: ServingModel) throws {
        let start = MonotonicTime.now
        let limits = try Limits(maximumAge: .milliseconds(300))
        try withServer(model, limits: limits, handlers: Self.writing) { running in
            let connection = try running.connect()
            while try connection.read() != nil {}
            try running.expectEnd("maximum_age")
            expectTime(since: start, atLeast: .milliseconds(300))
        }
    }

    /// The kernel reports buffer space only when a third of the buffer is free, which takes longer than the write timeout
    /// at the pace of this client. Its window is never as large as the next segment. All models run at once, because most
    /// of the test is waiting.
    @Test("a client that reads slowly, yet makes progress, is served to the end") func slowClient() throws {
        let models = ServingModel.allCases
        try together(models.count) { try serveASlowClient(models[$0]) }
    }

    private func serveASlowClient(_ model: ServingModel) throws {
        let limits = try Limits(writeTimeout: .seconds(3))
        let blocks = 4
        let handlers = Handlers { client in
            for _ in 0..<blocks { try client.write(Self.block) }
        } tasks: { client in
            for _ in 0..<blocks { try await client.write(Self.block) }
        }
        try withServer(model, limits: limits, handlers: handlers) { running in
            let client = try NarrowClient(port: running.server.addresses[0].port)
            let start = MonotonicTime.now
            var got = 0
            while let count = client.receive(atMost: 4096) {
                got += count
                // 10 kB per second, for longer than the write timeout plus the delay of its checks.
                if .now < start + .seconds(6) { pause(until: start + .microseconds(got * 100)) }
            }
            try eventually("the client has ended") { running.server.snapshot().ended == 1 }
            let reasons = running.server.snapshot().endedByReason
            if got != blocks * Self.block.count || reasons != ["handler_finished": 1] {
                throw NotServed(description: "\(model): \(got) bytes, \(reasons)")
            }
        }
    }
}

private struct NotServed: Error, CustomStringConvertible {
    let description: String
}

/// Suspends a task of the loop for this duration.
private nonisolated(nonsending) func suspend(on loop: EventLoop, _ duration: Duration) async {
    let registration = Registration()
    let event: WakeEvent
    do throws(Errno) {
        event = try WakeEvent()
        try loop.add(registration, for: event.descriptor.number)
    } catch {
        Issue.record("the task can't be suspended: \(error)")
        return
    }
    _ = await registration.waitToRead(on: loop, until: .now + duration)
    loop.remove(registration)
}
