// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

/// When a loop that moves streams sleeps before it waits.
@Suite struct NapPolicyTests {
    /// A loop and a clock.
    private struct Flow {
        var policy = NapPolicy()
        var now: Int64 = 1_000_000_000

        /// Moves a stream, and sleeps so often: how often it napped.
        ///
        /// - Parameters:
        ///   - napped: bytes that a turn moves after a nap.
        ///   - waited: after a wait for the next piece, which takes a sixth of the time.
        mutating func naps(_ sleeps: Int, napped: Int, waited: Int) -> Int {
            var count = 0
            for _ in 0..<sleeps {
                let naps = policy.naps(at: now)
                if naps { count += 1 }
                now += naps ? NapPolicy.length.clampedNanoseconds : NapPolicy.length.clampedNanoseconds / 6
                policy.moved(naps ? napped : waited)
            }
            return count
        }

        mutating func goesOn(_ sleeps: Int) -> Int { naps(sleeps, napped: 1_200_000, waited: 200_000) }

        /// Its window is full after 200 kB, and nothing comes before they were taken.
        mutating func standsStill(_ sleeps: Int) -> Int { naps(sleeps, napped: 200_000, waited: 200_000) }
    }

    @Test func aSenderThatGoesOnIsNappedForNearlyAlways() {
        var flow = Flow()
        #expect(flow.goesOn(2 * NapPolicy.sample) == 0)
        #expect((90_000..<100_000).contains(flow.goesOn(100_000)))
    }

    @Test func aSenderThatStandsStillMeanwhileIsNot() {
        var flow = Flow()
        #expect((1..<20_000).contains(flow.standsStill(1_000_000)))
    }

    /// It can do no more than it does: naps cost it nothing.
    @Test func aSenderThatIsSlowIsNappedFor() {
        var flow = Flow()
        #expect(flow.naps(10_000, napped: 30_000, waited: 5_000) > 8_000)
    }

    @Test func aSenderThatBeginsToStandStillIsFound() {
        var flow = Flow()
        #expect(flow.goesOn(10_000) > 8_000)
        #expect(flow.standsStill(100_000) < 10_000)
    }

    /// A pause would make little of what moved without naps.
    @Test func aSenderThatPausesIsJudgedByWhatItSends() {
        var flow = Flow()
        for _ in 0..<100 {
            #expect(flow.standsStill(400) == 0)
            flow.now += 1_000_000_000
        }
    }

    /// It is full sooner at first.
    @Test func aWindowHasTimeToFollow() {
        var flow = Flow()
        #expect(flow.goesOn(2 * NapPolicy.sample) == 0)
        #expect(flow.standsStill(200) == 200)
        #expect(flow.goesOn(1_000) == 1_000)
    }

    @Test func whoElseWantsSomethingEndsThemForAWhile() {
        var flow = Flow()
        #expect(flow.goesOn(1_000) > 0)
        let start = flow.now
        flow.policy.end()
        while flow.goesOn(1) == 0 {}
        #expect(flow.now - start > NapPolicy.quietTime)
    }

    /// What was found out is not forgotten for a message.
    @Test func aMessageNowAndThenIsNoReasonToTryAgain() {
        var flow = Flow()
        var count = 0
        for _ in 0..<100 {
            count += flow.standsStill(20_000)
            flow.policy.end()
        }
        #expect((1..<40_000).contains(count))
    }

    @Test func whoMovesNoStreamNeverNaps() {
        var policy = NapPolicy()
        #expect(!(0..<1_000).contains { policy.naps(at: $0) })
    }
}
