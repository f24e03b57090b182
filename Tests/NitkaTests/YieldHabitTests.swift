// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Nitka

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
        while count < 5000, !habit.yields() { count += 1 }
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
        let asks = (0..<640).map { _ in habit.asks() }
        #expect(asks.count { $0 } == 10)
        #expect(!asks[0])
        // Its first messages are over: when all begin, it begins with them.
        #expect(rest(&habit) == 0)
    }

    /// Turns in nanoseconds, again and again, of which one may take 1 ms: after how many all stop.
    private func stops(after turns: [Int64]) -> Int? {
        var habit = tried()
        return (0..<10_000).firstIndex { habit.tookTurn(turns[$0 % turns.count], longest: 1_000_000) }
    }

    @Test func aProgramThatTakesItsSlicesStopsThem() {
        #expect(stops(after: [3_900_000, 80_000, 80_000]) == 15)
        // Seldom, since it is nicer than others: a third of the core.
        #expect(stops(after: [3_900_000] + Array(repeating: 80_000, count: 100)) != nil)
    }

    @Test func accidentsStopNothing() {
        #expect(stops(after: [800_000]) == nil)
        // The machine stood still for a second, and again.
        #expect(stops(after: [1_000_000_000, 1_000_000_000] + Array(repeating: 80_000, count: 400)) == nil)
        // A tenth of the core.
        #expect(stops(after: [3_900_000] + Array(repeating: 80_000, count: 450)) == nil)
    }

    @Test func whatWasLostIsForgottenWhileNobodyYields() {
        var habit = tried()
        let stops = (0..<10).map { _ in
            _ = habit.asks()
            return habit.tookTurn(3_900_000, longest: 1_000_000)
        }
        #expect(!stops.contains(true))
    }

    @Test func aTurnMayTakeWhatReadersTakeAndNoSliceOfAnother() {
        let slice: Int64 = 2_800_000
        for readers in [1, 50, 200] {
            let message: Int64 = 9_000
            let longest = TurnLimit(cores: 1).longest(of: readers)
            #expect(longest > message * Int64(readers))
            #expect(longest < message * Int64(readers) + slice)
            #expect(TurnLimit(cores: 2).longest(of: 2 * readers) == longest)
        }
    }
}
