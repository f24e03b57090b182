// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaKernel
import Testing

/// When a writer gives a peer up that takes nothing, or too little, or has been there for too long.
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
        limits.writeTime = .milliseconds(300)
        #expect(try recordOfWhoTakesNothing(model, limits)?.reason == .writeStalled)
    }

    @Test(arguments: ServingModel.allCases)
    func aClientThatTakesNothingIsEndedByItsAge(model: ServingModel) throws {
        var limits = Limits()
        limits.writeTime = nil
        limits.age = .milliseconds(300)
        #expect(try recordOfWhoTakesNothing(model, limits)?.reason == .tooOld)
    }

    private func recordOfWhoTakesNothing(_ model: ServingModel, _ limits: Limits) throws -> ClientRecord? {
        try withServer(model, limits: limits, handlers: Self.writing) { running in
            let events = running.server.events()
            let connection = try running.connect()
            defer { connection.close() }
            return events.firstRecord()
        }
    }

    @Test(arguments: ServingModel.allCases)
    func aClientThatIsOnlyWrittenToIsEndedByItsAge(model: ServingModel) throws {
        var limits = Limits()
        limits.age = .milliseconds(300)
        try withServer(model, limits: limits, handlers: Self.writing) { running in
            let events = running.server.events()
            let connection = try running.connect()
            while try connection.read() != nil {}
            #expect(events.firstRecord()?.reason == .tooOld)
        }
    }

    /// The kernel reports no room until a third of the buffer is free: at the pace of this client that takes longer than
    /// the write time. All models at once: most of the test is waiting.
    @Test func aSlowClientIsServed() throws {
        let models = ServingModel.allCases
        try together(models.count) { try serveASlowClient(models[$0]) }
    }

    private func serveASlowClient(_ model: ServingModel) throws {
        var limits = Limits()
        limits.writeTime = .seconds(2)
        let blocks = 4
        let handlers = Handlers { client in
            for _ in 0..<blocks { try client.write(Self.block) }
        } tasks: { client in
            for _ in 0..<blocks { try await client.write(Self.block) }
        }
        try withServer(model, limits: limits, handlers: handlers) { running in
            let events = running.server.events()
            let client = try NarrowClient(port: running.server.addresses[0].port)
            let start = MonotonicTime.now
            var got = 0
            while let count = client.receive(atMost: 16 * 1024) {
                got += count
                // 200 kB a second, for longer than the write time and what it may be exceeded by.
                if .now < start + .seconds(5) { pause(until: start + .microseconds(got * 5)) }
            }
            let reason = events.firstRecord()?.reason
            if got != blocks * Self.block.count || reason != .handlerFinished {
                throw NotServed(description: "\(model): \(got) bytes, \(reason?.description ?? "no record")")
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
