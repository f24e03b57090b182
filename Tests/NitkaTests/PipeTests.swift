// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

/// When bulk goes through a pipe, and what a pipe costs.
@Suite struct PipeTests {
    @Test("a pool lends its pipes and takes them back") func pipePool() {
        let pool = PipePool(descriptors: 5)
        let first = Held(pool.take())
        let second = Held(pool.take())
        #expect(first.hasPipe && second.hasPipe)
        #expect(!Held(pool.take()).hasPipe)
        first.pipe = nil
        #expect(Held(pool.take()).hasPipe)
        #expect(!Held(PipePool(descriptors: -3).take()).hasPipe)
    }

    @Test("a relay gathers after many splices, and less often after each vain wait") func gathering() {
        var gathering = BulkGathering()
        #expect((1...64).map { _ in gathering.next() }.firstIndex(of: .setMarkAndWait) == 63)
        #expect(gathering.next() == .wait)
        gathering.found(600_000)
        gathering.took(262_144)
        #expect(gathering.next() == .splice)
        gathering.took(400_000)
        #expect(gathering.next() == .wait)
        // At the end of the stream nothing is queued, and a read must report it.
        gathering.found(0)
        #expect(gathering.next() == .splice)
        gathering.gaveUp()
        #expect(!gathering.isOn)
        #expect((1...300).map { _ in gathering.next() }.firstIndex(of: .setMarkAndWait) == 255)
    }

    @Test("4 full reads in a row are bulk, 16 small splices in a row are messages") func modes() {
        var mode = ForwardMode.start
        let full = [65_536, 65_536, 65_536, 100, 65_536, 65_536, 65_536, 65_536, 65_536]
        let turns = full.map { count in
            mode.copied(count, capacity: 65_536)
            return mode.splices
        }
        #expect(turns.firstIndex(of: true) == 7)
        let few = Array(repeating: 64, count: 15) + [65_536] + Array(repeating: 64, count: 16)
        let back = few.map { count in
            mode.spliced(count)
            return !mode.splices
        }
        #expect(back.firstIndex(of: true) == 31)
        mode = .splice(smallSplices: 0)
        mode.spliceFailed()
        #expect(mode == .start)
    }

    @Test("a relay makes its pipe when bulk arrives, and releases it with the client") func noPipeLeak() async {
        await #expect(processExitsWith: .success) {
            for model in ServingModel.allCases { try expectNoPipeLeak(model) }
        }
    }

    @Test("without descriptors for a pipe, bulk goes through memory") func noDescriptors() async {
        await #expect(processExitsWith: .success) {
            for model in ServingModel.allCases {
                try withServer(model) { running in
                    // The connection exists before the descriptors run out.
                    let connection = try running.connect()
                    let answer = try connection.echo("x")
                    precondition(answer == "x")
                    let descriptors = try fillDescriptors()
                    let stream = pattern(8 << 20)
                    try together(2) { side in
                        if side == 0 { return try connection.write(stream) }
                        let got = try connection.read(exactly: stream.count)
                        precondition(got == stream)
                    }
                    withExtendedLifetime(descriptors) {}
                }
            }
        }
    }
}

private final class Held {
    var pipe: PooledPipe?

    init(_ pipe: consuming PooledPipe?) { self.pipe = consume pipe }

    var hasPipe: Bool { pipe != nil }
}

/// Opens descriptors until the process may open no more.
private func fillDescriptors() throws -> [WakeEvent] {
    var held: [WakeEvent] = []
    do throws(Errno) {
        while held.count < 200_000 { held.append(try WakeEvent()) }
    } catch {
        precondition(error == .tooManyInProcess)
    }
    return held
}

/// Clients reset while they stream: the pipe exists while they stream, and is released with them.
///
/// A client that closes with its window full and no input unread sends no reset: the write timeout ends it.
private func expectNoPipeLeak(_ model: ServingModel) throws {
    try withServer(model, limits: Limits(writeTimeout: .seconds(5))) { running in
        let first = try running.connect()
        let answer = try first.echo("x")
        precondition(answer == "x")
        first.close(gracefullyWithin: .seconds(2))
        try eventually("the first client has ended") { running.server.snapshot().ended == 1 }
        let before = descriptorCount()
        for round in 2...10 as ClosedRange<UInt64> {
            let connection = try running.connect()
            let block = pattern(1 << 20)
            let isStreaming = Monitor(false)
            try together(2) { side in
                if side == 0 {
                    while !isStreaming.withLock({ $0 }), (try? connection.write(block)) != nil {}
                    // With the echo unread, a close resets.
                    connection.close()
                } else {
                    // The 2 ends of the connection, and the 2 of the pipe.
                    try eventually("a pipe exists") {
                        _ = try connection.read()
                        return descriptorCount() >= before + 4
                    }
                    isStreaming.update { $0 = true }
                    while let bytes = try? connection.read(), !bytes.isEmpty {}
                }
            }
            try eventually("the client has ended") { running.server.snapshot().ended == round }
            let after = descriptorCount()
            precondition(after == before, "\(model): before \(before), after \(after)")
        }
    }
}
