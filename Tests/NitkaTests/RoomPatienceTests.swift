// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Nitka

@Suite struct RoomPatienceTests {
    private static let second: Int64 = 1_000_000_000

    /// Waits as a writer does, while the peer acknowledges what `acknowledged` says: when, and why, it gave up.
    private func giveUp(
        _ patience: Int64, lastMoment: Int64 = .max, until end: Int64 = 100 * second,
        unacknowledged: (Int64) -> Int
    ) -> (moment: Int64, reason: NitkaError.Reason?, looks: Int) {
        var now: Int64 = 0
        var looks = 0
        var room = RoomPatience(
            patience: patience, lastMoment: lastMoment, unacknowledged: unacknowledged(0), now: now)
        while now < end, looks < 1000 {
            now = room.nextLook(after: now)
            looks += 1
            if let reason = room.look(unacknowledged: unacknowledged(now), now: now) { return (now, reason, looks) }
        }
        return (now, nil, looks)
    }

    @Test func whoTakesNothingIsGivenUpOnTime() {
        let (moment, reason, looks) = giveUp(30 * Self.second) { _ in 1000 }
        #expect(moment == 30 * Self.second)
        #expect(reason == .stalled)
        #expect(looks < 20)
    }

    @Test func whoStopsIsGivenUpAnEighthTooLateAtMost() {
        for stop in stride(from: 0, through: 20 * Self.second, by: 370_000_000) {
            let (moment, reason, _) = giveUp(8 * Self.second) { 1_000_000_000 - Int(min($0, stop) / 1000) }
            #expect(reason == .stalled)
            #expect(moment >= stop + 8 * Self.second)
            #expect(moment <= stop + 9 * Self.second)
        }
    }

    @Test func whoTakesAByteNowAndThenIsNotGivenUp() {
        let reason = giveUp(8 * Self.second) { 1000 - Int($0 / (7 * Self.second)) }.reason
        #expect(reason == nil)
    }

    @Test func theLastMomentComesFirst() {
        let last = 3 * Self.second + 1
        for patience in [8 * Self.second, .max] {
            let (moment, reason, _) = giveUp(patience, lastMoment: last) { _ in 1000 }
            #expect(moment == last)
            #expect(reason == .tooLong)
        }
    }

    @Test func withoutLimitsNobodyLooks() {
        var room = RoomPatience(patience: .max, lastMoment: .max, unacknowledged: 1, now: 5)
        #expect(room.nextLook(after: 5) == .max)
    }

    @Test func theShortestPatienceEnds() {
        let (moment, reason, _) = giveUp(1) { _ in 1000 }
        #expect(moment <= 1)
        #expect(reason == .stalled)
    }
}
