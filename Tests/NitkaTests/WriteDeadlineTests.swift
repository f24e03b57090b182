// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

/// When a writer gives a peer up that takes nothing, or has been there for too long; and who ends its wait before.
@Suite struct WriteDeadlineTests {
    private static let block = [UInt8](repeating: 7, count: 1 << 20)

    /// Writes for ever, and never reads.
    private static let writing = Handlers {
        while true { try $0.write(block) }
    } tasks: {
        while true { try await $0.write(block) }
    }

    @Test(arguments: ServingModel.allCases)
    func aClientThatTakesNothingIsEnded(model: ServingModel) throws {
        var limits = Limits()
        limits.writeTimeout = .milliseconds(300)
        try withAClientThatTakesNothing(model, limits) { running in
            try eventually("it has left") { running.server.snapshot().endedByReason == ["write_timeout": 1] }
        }
    }

    @Test(arguments: ServingModel.allCases)
    func aClientThatTakesNothingIsEndedByItsAge(model: ServingModel) throws {
        var limits = Limits()
        limits.writeTimeout = nil
        limits.maximumAge = .milliseconds(300)
        try withAClientThatTakesNothing(model, limits) { running in
            try eventually("it has left") { running.server.snapshot().endedByReason == ["maximum_age": 1] }
        }
    }

    @Test(arguments: ServingModel.allCases)
    func aClientThatTakesNothingIsEndedByItsNumber(model: ServingModel) throws {
        try withAClientThatTakesNothing(model, Limits()) { running in
            try waitUntilTheWriterWaits(running)
            #expect(running.server.disconnect(client: 1))
            try eventually("it has left") { running.server.snapshot().endedByReason == ["disconnected": 1] }
        }
    }

    @Test(arguments: ServingModel.allCases)
    func aClientThatTakesNothingIsCutOffByADrain(model: ServingModel) throws {
        try withAClientThatTakesNothing(model, Limits()) { running in
            try waitUntilTheWriterWaits(running)
            running.server.drain(within: .zero)
            #expect(running.ended()?.endedByReason == ["cut_off": 1])
        }
    }

    private func withAClientThatTakesNothing(
        _ model: ServingModel, _ limits: Limits, _ body: (RunningServer) throws -> Void
    ) throws {
        try withServer(model, limits: limits, handlers: Self.writing) { running in
            let connection = try running.connect()
            defer { connection.close() }
            try body(running)
        }
    }

    /// Until it has got rid of nothing for longer than one call waits.
    private func waitUntilTheWriterWaits(_ running: RunningServer) throws {
        var last: (bytes: UInt64, moment: MonotonicTime) = (0, .now)
        try eventually("the writer waits") {
            let bytes = running.server.snapshot().bytesOut
            if bytes != last.bytes { last = (bytes, .now) }
            return bytes > 0 && .now > last.moment + Connection.slice * 2
        }
    }

    /// The loop was busy when the writer was to look, and when somebody else's time to close came, shortly before: both
    /// are told together, and the close comes first.
    @Test(arguments: [ServingModel.tasks])
    func aCloseBesideALookEndsTheWrite(model: ServingModel) throws {
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
                // The first look is 50 ms after the buffers were full.
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
        try withServer(model, handlers: handlers, loops: 1) { running in
            let connection = try running.connect()
            try eventually("the write has ended") { end.withLock { $0 } != nil }
            #expect(end.withLock { $0 } == .closed)
            connection.close()
        }
    }

    @Test(arguments: ServingModel.allCases)
    func aClientThatIsOnlyWrittenToIsEndedByItsAge(model: ServingModel) throws {
        var limits = Limits()
        limits.maximumAge = .milliseconds(300)
        try withServer(model, limits: limits, handlers: Self.writing) { running in
            let connection = try running.connect()
            while try connection.read() != nil {}
            try eventually("it has left") { running.server.snapshot().endedByReason == ["maximum_age": 1] }
        }
    }

    /// The kernel reports no room until a third of the buffer is free: at the pace of this client that takes longer than
    /// the write time. And its window is never as large as the segment that waits. All models at once: most of the test
    /// is waiting.
    @Test func aSlowClientIsServed() throws {
        let models = ServingModel.allCases
        try together(models.count) { try serveASlowClient(models[$0]) }
    }

    private func serveASlowClient(_ model: ServingModel) throws {
        var limits = Limits()
        limits.writeTimeout = .seconds(3)
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
                // 10 kB a second, for longer than the write time and what it may be exceeded by.
                if .now < start + .seconds(6) { pause(until: start + .microseconds(got * 100)) }
            }
            try eventually("it has left") { running.server.snapshot().ended == 1 }
            let reasons = running.server.snapshot().endedByReason
            if got != blocks * Self.block.count || reasons != ["handler_finished": 1] {
                throw NotServed(description: "\(model): \(got) bytes, \(reasons)")
            }
        }
    }

    private func pause(until moment: MonotonicTime) {
        _ = Monitor(false).wait(until: moment) { $0 ? true : nil }
    }
}

private struct NotServed: Error, CustomStringConvertible {
    let description: String
}

/// Suspends a task of the loop for this long.
private nonisolated(nonsending) func suspend(on loop: EventLoop, _ duration: Duration) async {
    guard let event = try? WakeEvent() else { return }
    let registration = Registration()
    do throws(Errno) { try loop.add(registration, for: event.descriptor.number) } catch { return }
    _ = await registration.waitToRead(on: loop, until: .now + duration)
    loop.remove(registration)
}
