// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Synchronization
import Testing

@testable import Nitka

@Suite struct YieldTests {
    /// Turns never come too late, however busy the machine.
    private static let patient = TurnLimit(slack: .max / 2, cores: 1)
    /// Every turn does, by a slice.
    private static let impatient = TurnLimit(slack: -YieldHabit.mostOfOneTurn, ofOneMessage: 0, cores: 1)

    /// Both ends of a connection whose reader yields among others.
    private struct Ends {
        let yielders: Yielders
        var peer: Connection?
        let connection: Connection

        init(_ limit: TurnLimit, begun: Bool = true) throws {
            yielders = Yielders(limit: limit)
            if begun { yielders.begin() }
            let listener = try Listener(on: Endpoint("127.0.0.1:0"))
            peer = try Connection.open(to: listener.addresses[0])
            guard case .client(let descriptor, let address) = try listener.sockets[0].descriptor.accept() else {
                throw NotInTime(description: "nobody came")
            }
            connection = Connection(
                SharedSocket(owning: descriptor), peer: SocketAddress(address), interruption: nil, yielders: yielders)
            connection.readTimeout = .seconds(20)
        }

        /// The peer sends, and when it is there, it is read.
        func pass(_ count: Int = 10) throws {
            try #require(peer).write([UInt8](repeating: 1, count: count))
            try read()
        }

        func read(whenReadable: Bool = true) throws {
            if whenReadable { #expect(connection.isReadable(within: .seconds(20))) }
            var bytes = InlineArray<64, UInt8>(repeating: 0)
            var room = bytes.mutableSpan
            _ = try connection.read(into: &room)
        }

        /// Will it yield before the next message?
        var willYield: Bool {
            var habit = connection.yieldHabit
            return habit.yields()
        }
    }

    @Test func itIsCountedWhileMessagesAreThereAndNotWhileItWaitsForOne() throws {
        let ends = try Ends(Self.patient)
        for _ in 0..<Int(YieldHabit.firstMessages) { try ends.pass() }
        #expect(ends.yielders.number == 0)
        for _ in 0..<100 {
            try ends.pass()
            #expect(ends.yielders.number == 1)
        }
        ends.connection.readTimeout = .milliseconds(250)
        let error = #expect(throws: NitkaError.self) { try ends.read(whenReadable: false) }
        #expect(error?.reason == .idle)
        #expect(ends.yielders.number == 0)
        try ends.pass()
        #expect(ends.yielders.number == 1)
    }

    @Test func whoseMessagesKeepComingAsksUntilAllBegin() throws {
        let ends = try Ends(Self.patient, begun: false)
        for _ in 1..<Int(YieldHabit.askedEach) { try ends.pass() }
        #expect(!ends.yielders.areOn)
        try ends.pass()
        #expect(ends.yielders.areOn)
        try ends.pass()
        #expect(ends.yielders.number == 1)
    }

    @Test func whatDidNotFitIsReadWithoutATurn() throws {
        let ends = try Ends(Self.patient)
        for _ in 0..<10 { try ends.pass() }
        #expect(ends.willYield)
        try ends.pass(100)
        #expect(!ends.willYield)
        try ends.read()
        #expect(ends.willYield)
    }

    @Test func whoWaitsAfterAFullRoomIsNotCounted() throws {
        let ends = try Ends(Self.patient)
        for _ in 0..<10 { try ends.pass() }
        try ends.pass(64)
        ends.connection.readTimeout = .milliseconds(250)
        #expect(throws: NitkaError.self) { try ends.read(whenReadable: false) }
        #expect(ends.yielders.number == 0)
    }

    @Test func allStopWhenTurnsComeTooLate() throws {
        let ends = try Ends(Self.impatient)
        let before = MonotonicTime.now
        let lateTurns = Int(YieldHabit.mostLost / YieldHabit.mostOfOneTurn)
        for _ in 0..<Int(YieldHabit.firstMessages) + lateTurns {
            try ends.pass()
            #expect(ends.yielders.areOn)
        }
        try ends.pass()
        #expect(!ends.yielders.areOn)
        try ends.pass()
        #expect(ends.yielders.number == 0)
        ends.yielders.begin(at: before + Yielders.pause * 0.9)
        #expect(!ends.yielders.areOn)
        ends.yielders.begin(at: .now + Yielders.pause)
        #expect(ends.yielders.areOn)
    }

    @Test(arguments: ["let go", "ended by the peer", "reset", "finished", "streaming"])
    func whoGoesIsNoLongerCounted(way: String) throws {
        let yielders: Yielders
        do {
            var ends = try Ends(Self.patient)
            yielders = ends.yielders
            for _ in 0..<10 { try ends.pass() }
            #expect(yielders.number == 1)
            switch way {
            case "ended by the peer":
                ends.peer?.endSending()
                try ends.read()
                #expect(yielders.number == 0)
            case "reset":
                // Let go with bytes unread, it resets; a close would end its sending first.
                try ends.connection.write([1])
                #expect(ends.peer?.isReadable(within: .seconds(20)) == true)
                ends.peer = nil
                #expect(throws: NitkaError.self) { try ends.read() }
                #expect(yielders.number == 0)
            case "finished":
                ends.peer?.endSending()
                ends.connection.finish()
                #expect(yielders.number == 0)
            case "streaming":
                let pipe = try Pipe()
                try ends.peer?.write([1])
                #expect(try ends.connection.read(into: pipe) == 1)
                #expect(yielders.number == 0)
            default: break
            }
        }
        #expect(yielders.number == 0)
    }

    /// A reader that finds a message with each turn never comes to the waits that know of deadlines.
    @Test func whoseMessagesAreAlwaysThereGrowsTooOld() throws {
        let ends = try Ends(Self.patient)
        for _ in 0..<10 { try ends.pass() }
        #expect(ends.yielders.number == 1)
        ends.connection.lastMoment.store(MonotonicTime.now.nanoseconds, ordering: .relaxed)
        let error = #expect(throws: NitkaError.self) { try ends.pass() }
        #expect(error?.reason == .tooLong)
        #expect(ends.yielders.number == 0)
    }

    @Test(arguments: [ServingModel.iterative, .threads])
    func onlyWhereEachClientHasAThread(model: ServingModel) throws {
        let yields = Monitor<Bool?>(nil)
        let handlers = Handlers.plain { client in yields.update { $0 = client.connection.yielders != nil } }
        try withServer(model, handlers: handlers) { running in
            let connection = try running.connect()
            #expect(try connection.read() == nil)
            connection.close()
        }
        #expect(yields.withLock { $0 } == (model == .threads))
    }
}
