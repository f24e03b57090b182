// SPDX-License-Identifier: Apache-2.0

import NitkaKernel
import Testing

@testable import Nitka

@Suite struct YieldPolicyTests {
    private func moment(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: 1) + .seconds(seconds) }

    @Test func pausesGrowToTheLongest() {
        var policy = YieldPolicy()
        var now = 100.0
        for pause in [1.0, 2, 4, 8, 16, 32, 64, 64] {
            let begins = policy.begin(at: moment(now))
            policy.stop(at: moment(now + 0.1))
            let beginsEarly = policy.begin(at: moment(now + 0.1 + pause - 0.001))
            #expect(begins)
            #expect(!beginsEarly)
            #expect(!policy.isOn)
            now += 0.1 + pause
        }
    }

    @Test(arguments: [(7.9, 2.0), (8.0, 1.0)])
    func aLongGoodTimeForgivesThePauses(goodTime: Double, pause: Double) {
        var policy = YieldPolicy()
        _ = policy.begin(at: moment(0))
        policy.stop(at: moment(1))
        _ = policy.begin(at: moment(2))
        policy.stop(at: moment(2 + goodTime))
        let beginsEarly = policy.begin(at: moment(2 + goodTime + pause - 0.001))
        let begins = policy.begin(at: moment(2 + goodTime + pause))
        #expect(!beginsEarly)
        #expect(begins)
    }

    @Test func aTurnMayTakeWhatReadersTakeAndNoSliceOfAnother() {
        #expect(YieldPolicy.longestTurn(of: 0, on: 1) < .milliseconds(0.7))
        #expect(YieldPolicy.longestTurn(of: 50, on: 1) < .milliseconds(3))
        #expect(YieldPolicy.longestTurn(of: 1000, on: 1) > .milliseconds(20))
        #expect(YieldPolicy.longestTurn(of: 1000, on: 10) < .milliseconds(3))
    }
}

@Suite struct YieldHabitTests {
    /// A reader that is past its first messages, among others that yield.
    private func tried() -> YieldHabit {
        var habit = YieldHabit()
        #expect(rest(&habit) == Int(YieldHabit.firstMessages))
        return habit
    }

    /// How many messages come without a turn before the next.
    private func rest(_ habit: inout YieldHabit) -> Int {
        var count = 0
        while count < 5000, habit.next(othersDo: true) == .block { count += 1 }
        return count
    }

    @Test func turnsInVainGrowRareAndOneThatPaysEndsThat() {
        var habit = tried()
        for expected in [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024] {
            habit.foundNothing()
            #expect(rest(&habit) == expected)
        }
        habit.found()
        #expect(rest(&habit) == 0)
        habit.foundNothing()
        #expect(rest(&habit) == 0)
    }

    @Test func afterAFullRoomItReadsOnAtOnce() {
        var habit = tried()
        habit.filledItsRoom()
        #expect(rest(&habit) == 1)
        #expect(rest(&habit) == 0)
    }

    @Test func whereNobodyYieldsItAsksNowAndThen() {
        var habit = YieldHabit()
        let steps = (0..<640).map { _ in habit.next(othersDo: false) }
        #expect(steps.count { $0 == .ask } == 10)
        #expect(steps.first == .block)
        #expect(!steps.contains(.yield))
        // Its first messages are over: when all begin, it begins with them.
        #expect(rest(&habit) == 0)
    }

    @Test func fewTurnsAreTimedUntilOneComesTooLate() {
        var habit = tried()
        let timed = (0..<64).map { _ in habit.isTimed() }
        #expect(timed.count { $0 } == 4)
        #expect(timed[0])
        _ = habit.tookTurn(tooLate: true)
        let then = (0..<20).map { _ in
            defer { _ = habit.tookTurn(tooLate: false) }
            return habit.isTimed()
        }
        #expect(then.prefix(4).allSatisfy { $0 })
        #expect(then.dropFirst(4).count { $0 } == 1)
    }

    /// One late turn, then two in time.
    @Test func aProgramThatTakesItsSlicesStopsThem() {
        var habit = tried()
        #expect((0..<100).firstIndex { habit.tookTurn(tooLate: $0 % 3 == 0) } == 9)
    }

    @Test func twoAccidentsInAWhileStopNothing() {
        var habit = tried()
        #expect((0..<1000).allSatisfy { !habit.tookTurn(tooLate: $0 % 10 < 2) })
    }
}

@Suite struct YieldTests {
    /// How far the reader of a client is.
    private struct Progress {
        var thread: Int32 = 0
        /// The number of the message that it reads.
        var reading = 0
        var read: [Moment] = []
    }

    /// After a message: does its reader yield, will it before the next, and how many do in all?
    private struct Moment {
        var isYielding: Bool
        var willYield: Bool
        var yielders: Int
    }

    /// Reads each message when it is announced.
    private static func reader(of announced: Monitor<Int>, _ progress: Monitor<Progress>) -> Handlers {
        .plain { client in
            let connection = client.connection
            var bytes = InlineArray<64, UInt8>(repeating: 0)
            var room = bytes.mutableSpan
            for number in 1... {
                guard announced.isReached(number) else { return }
                progress.update { ($0.thread, $0.reading) = (CurrentThread.id, number) }
                guard try connection.read(into: &room) != nil else { return }
                var habit = connection.yieldHabit
                let moment = Moment(
                    isYielding: connection.yieldPeriod & 1 == 1, willYield: habit.next(othersDo: true) == .yield,
                    yielders: connection.yielders?.number ?? -1)
                progress.update { $0.read.append(moment) }
            }
        }
    }

    private static func waitUntil(_ number: Int, isRead progress: Monitor<Progress>) throws {
        let isRead = progress.wait(until: .now + .seconds(30)) { $0.read.count >= number ? true : nil }
        if isRead == nil { throw NotInTime(description: "message \(number) was not read") }
    }

    private static func waitUntil(_ number: Int, isWaitedFor progress: Monitor<Progress>) throws {
        try eventually("the reader waits") {
            let (thread, reading) = progress.withLock { ($0.thread, $0.reading) }
            return reading == number
                && ProcFile.text("/proc/self/task/\(thread)/stat")?.contains(") S ") == true
        }
    }

    @Test func aReaderYieldsWhileMessagesAreThereAndNotWhenNoneIs() throws {
        let announced = Monitor(0)
        let progress = Monitor(Progress())
        let many = 200
        try withServer(.threads, handlers: Self.reader(of: announced, progress)) { running in
            let connection = try running.connect()
            for number in 1...many {
                try connection.write([UInt8](repeating: 1, count: 10))
                announced.update { $0 = number }
                try Self.waitUntil(number, isRead: progress)
            }
            announced.update { $0 = .max }
            try Self.waitUntil(many + 1, isWaitedFor: progress)
            try connection.write([2])
            try Self.waitUntil(many + 1, isRead: progress)
            connection.close()
        }
        let read = progress.withLock { $0.read }
        #expect(!read[0].isYielding)
        #expect(read[0].yielders == 0)
        #expect(read[many - 1].isYielding)
        #expect(read[many - 1].yielders == 1)
        #expect(!read[many].isYielding)
        #expect(read[many].yielders == 0)
    }

    @Test func whatDidNotFitIsReadWithoutATurn() throws {
        let announced = Monitor(0)
        let progress = Monitor(Progress())
        let many = 100
        try withServer(.threads, handlers: Self.reader(of: announced, progress)) { running in
            let connection = try running.connect()
            for number in 1...many {
                // The last one is of more than the room of 64.
                try connection.write([UInt8](repeating: 1, count: number == many ? 100 : 10))
                announced.update { $0 = number }
                try Self.waitUntil(number, isRead: progress)
            }
            announced.update { $0 = many + 1 }
            try Self.waitUntil(many + 1, isRead: progress)
            connection.close()
        }
        #expect(progress.withLock { $0.read.suffix(3).map(\.willYield) } == [true, false, true])
    }

    /// A reader that finds a message at each turn never comes to the waits that know of deadlines.
    @Test func whoseMessagesAreAlwaysThereIsEndedByItsAge() throws {
        let announced = Monitor(0)
        let progress = Monitor(Progress())
        var limits = Limits()
        limits.age = .seconds(1)
        try withServer(.threads, limits: limits, handlers: Self.reader(of: announced, progress)) { running in
            let connection = try running.connect()
            let end = MonotonicTime.now + .seconds(10)
            var number = 0
            while .now < end, running.server.snapshot().endedByReason.isEmpty {
                number += 1
                try? connection.write([1])
                announced.update { $0 = number }
                try eventually("it is read, or all is over") {
                    progress.withLock { $0.read.count } >= number || !running.server.snapshot().endedByReason.isEmpty
                }
            }
            #expect(running.server.snapshot().endedByReason == ["too old": 1])
            #expect(progress.withLock { $0.read.last?.isYielding } == true)
            connection.close()
        }
    }

    @Test(arguments: [ServingModel.iterative, .threads])
    func onlyWhereEachClientHasAThread(model: ServingModel) throws {
        let announced = Monitor(Int.max)
        let progress = Monitor(Progress())
        try withServer(model, handlers: Self.reader(of: announced, progress)) { running in
            let connection = try running.connect()
            try connection.write([1])
            try Self.waitUntil(1, isRead: progress)
            connection.close()
        }
        #expect(progress.withLock { $0.read[0].yielders } == (model == .threads ? 0 : -1))
    }

    @Test func whoGoesWhileItYieldsIsNoLongerCounted() throws {
        let announced = Monitor(0)
        let progress = Monitor(Progress())
        let many = 100
        let yielders = Monitor<Yielders?>(nil)
        let read = Self.reader(of: announced, progress)
        let handlers = Handlers.plain { client in
            yielders.update { $0 = client.connection.yielders }
            try read.plain(client)
        }
        try withServer(.threads, handlers: handlers) { running in
            let connection = try running.connect()
            for number in 1...many {
                try connection.write([1])
                announced.update { $0 = number }
                try Self.waitUntil(number, isRead: progress)
            }
            let yielders = try #require(yielders.withLock { $0 })
            #expect(yielders.number == 1)
            connection.endSending()
            announced.update { $0 = .max }
            try eventually("it is gone") { yielders.number == 0 }
            connection.close()
        }
    }
}
