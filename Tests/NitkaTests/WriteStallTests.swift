// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Nitka

@Suite struct WriteStallTests {
    private static let second: Int64 = 1_000_000_000

    /// Runs a detector for a peer that leaves this many bytes unacknowledged: when and why the writer gives up.
    private func giveUp(
        _ timeout: Int64, lifetimeEnd: Int64 = .max, until end: Int64 = 100 * second,
        unacknowledged: (Int64) -> Int
    ) -> (moment: Int64, reason: NitkaError.Reason?, checks: Int) {
        var now: Int64 = 0
        var checks = 0
        var detector = WriteStallDetector(
            timeout: timeout, lifetimeEnd: lifetimeEnd, unacknowledged: unacknowledged(0), now: now)
        while now < end, checks < 1000 {
            now = detector.nextCheck(after: now)
            checks += 1
            if let reason = detector.check(unacknowledged: unacknowledged(now), now: now) {
                return (now, reason, checks)
            }
        }
        return (now, nil, checks)
    }

    @Test("a write to a peer that takes nothing fails exactly at the timeout") func peerTakesNothing() {
        let (moment, reason, checks) = giveUp(30 * Self.second) { _ in 1000 }
        #expect(moment == 30 * Self.second)
        #expect(reason == .writeTimeout)
        #expect(checks < 20)
    }

    @Test("a write to a peer that stops fails at most an eighth of the timeout too late, and never early")
    func peerStops() {
        for stop in stride(from: 0, through: 20 * Self.second, by: 370_000_000) {
            let (moment, reason, _) = giveUp(8 * Self.second) { 1_000_000_000 - Int(min($0, stop) / 1000) }
            #expect(reason == .writeTimeout)
            #expect(moment >= stop + 8 * Self.second)
            #expect(moment <= stop + 9 * Self.second)
        }
    }

    @Test("a write to a peer that takes a byte now and then does not fail") func peerTakesLittle() {
        let reason = giveUp(8 * Self.second) { 1000 - Int($0 / (7 * Self.second)) }.reason
        #expect(reason == nil)
    }

    @Test("the maximum age ends a wait before the write timeout") func maximumAge() {
        let last = 3 * Self.second + 1
        for timeout in [8 * Self.second, .max] {
            let (moment, reason, _) = giveUp(timeout, lifetimeEnd: last) { _ in 1000 }
            #expect(moment == last)
            #expect(reason == .maximumAge)
        }
    }

    @Test("without limits there is no check") func withoutLimits() {
        var detector = WriteStallDetector(timeout: .max, lifetimeEnd: .max, unacknowledged: 1, now: 5)
        #expect(detector.nextCheck(after: 5) == .max)
    }

    @Test("the shortest timeout passes") func shortestTimeout() {
        let (moment, reason, _) = giveUp(1) { _ in 1000 }
        #expect(moment <= 1)
        #expect(reason == .writeTimeout)
    }
}
