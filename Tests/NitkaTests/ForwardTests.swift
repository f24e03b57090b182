// SPDX-License-Identifier: Apache-2.0

import Glibc
import NitkaSystem
import Testing

@testable import Nitka

/// Streams go through a pipe, messages through memory; nobody must be able to tell but by the speed.
@Suite struct ForwardTests {
    @Test(arguments: ServingModel.allCases)
    func streamsAndMessagesTakeTurns(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            for seed in 1...3 as ClosedRange<UInt64> {
                let stream = pattern(8 << 20, seed: seed)
                try together(2) { side in
                    if side == 0 {
                        try connection.write(stream)
                    } else {
                        #expect(try connection.read(exactly: stream.count) == stream)
                    }
                }
                for number in 0..<40 { #expect(try connection.echo("\(seed) \(number)") == "\(seed) \(number)") }
            }
            connection.closeWrite()
            #expect(try connection.readToEnd() == [])
            try eventually("it has left") { running.server.snapshot().endedByReason == ["peer_finished": 1] }
            let snapshot = running.server.snapshot()
            #expect(snapshot.bytesIn == snapshot.bytesOut)
            #expect(snapshot.bytesIn > 24 << 20)
        }
    }

    /// Whoever waits until much has come must not wait for more than is sent; nor may a drain.
    @Test(arguments: ServingModel.allCases)
    func whoSendsMuchAndThenWaitsIsAnsweredAndDrained(model: ServingModel) throws {
        var limits = Limits()
        limits.idleTimeout = .seconds(5)
        try withServer(model, limits: limits) { running in
            let connection = try running.connect()
            let message = pattern(500_001)
            for _ in 0..<80 {
                try together(2) { side in
                    if side == 0 { return try connection.write(message) }
                    #expect(try connection.read(exactly: message.count) == message)
                }
            }
            running.server.drain()
            #expect(try connection.readToEnd() == [])
            connection.close()
            #expect(running.ended()?.endedByReason == ["drained": 1])
        }
    }

    /// The end of the stream comes while the server waits for much.
    @Test(arguments: ServingModel.allCases)
    func aStreamThatEndsComesBackWhole(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            let stream = pattern(48 << 20 + 1)
            try together(2) { side in
                if side == 0 {
                    try connection.write(stream)
                    connection.closeWrite()
                } else {
                    #expect(try connection.readToEnd() == stream)
                }
            }
            try eventually("it has left") { running.server.snapshot().endedByReason == ["peer_finished": 1] }
        }
    }

    @Test(arguments: ServingModel.allCases)
    func aStreamWhosePeerTakesNothingIsEnded(model: ServingModel) throws {
        var limits = Limits()
        limits.writeTimeout = .milliseconds(300)
        try withServer(model, limits: limits) { running in
            let connection = try running.connect()
            let block = pattern(1 << 20)
            #expect(throws: NitkaError.self) { while true { try connection.write(block) } }
            try eventually("it has left") { running.server.snapshot().endedByReason == ["write_timeout": 1] }
        }
    }

    @Test func pipesAreMadeWhenNeededAndLeaveNothing() async {
        await #expect(processExitsWith: .success) { for model in ServingModel.allCases { try losePipes(model) } }
    }

    @Test func withoutDescriptorsForPipesAStreamStaysInMemory() async {
        await #expect(processExitsWith: .success) {
            for model in ServingModel.allCases {
                try withServer(model) { running in
                    // Whatever the server still wants to open, it can't: the connection is there already.
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

    @Test("a pool lends its pipes and takes them back") func pipePool() {
        let pool = PipePool(descriptors: 5)
        let first = Held(pool.take())
        let second = Held(pool.take())
        #expect(first.isThere && second.isThere)
        #expect(!Held(pool.take()).isThere)
        first.pipe = nil
        #expect(Held(pool.take()).isThere)
        #expect(!Held(PipePool(descriptors: -3).take()).isThere)
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
        // The end of the stream: nothing is there, and has to be read.
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
}

private final class Held {
    var pipe: PooledPipe?

    init(_ pipe: consuming PooledPipe?) { self.pipe = consume pipe }

    var isThere: Bool { pipe != nil }
}

/// Opens descriptors until there are no more.
private func fillDescriptors() throws -> [WakeEvent.Shared] {
    var held: [WakeEvent.Shared] = []
    do throws(Errno) {
        while held.count < 200_000 { held.append(try WakeEvent.Shared()) }
    } catch {
        precondition(error == .tooManyInProcess)
    }
    return held
}

private func descriptorCount() -> Int { ProcFile.names(in: "/proc/self/fd")?.count ?? -1 }

/// Clients that stream and reset in the middle of it: the pipe is there while they stream, and gone with them.
///
/// One that closes with its window full and nothing unread sends no reset: then the write time is what ends it.
private func losePipes(_ model: ServingModel) throws {
    var limits = Limits()
    limits.writeTimeout = .seconds(5)
    try withServer(model, limits: limits) { running in
        let first = try running.connect()
        let answer = try first.echo("x")
        precondition(answer == "x")
        first.close(gracefullyWithin: .seconds(2))
        try eventually("the first has gone") { running.server.snapshot().ended == 1 }
        let before = descriptorCount()
        for round in 2...10 as ClosedRange<UInt64> {
            let connection = try running.connect()
            let block = pattern(1 << 20)
            let isStreaming = Monitor(false)
            try together(2) { side in
                if side == 0 {
                    while !isStreaming.withLock({ $0 }), (try? connection.write(block)) != nil {}
                    // With the echo unread, this resets.
                    connection.close()
                } else {
                    // Two ends of the connection, and the two of the pipe.
                    try eventually("a pipe is there") {
                        _ = try connection.read()
                        return descriptorCount() >= before + 4
                    }
                    isStreaming.update { $0 = true }
                    while let bytes = try? connection.read(), !bytes.isEmpty {}
                }
            }
            try eventually("it has gone") { running.server.snapshot().ended == round }
            let after = descriptorCount()
            precondition(after == before, "\(model): before \(before), after \(after)")
        }
    }
}
