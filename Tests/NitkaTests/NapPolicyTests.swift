// SPDX-License-Identifier: Apache-2.0

import NitkaKernel
import Testing

@testable import Nitka

/// When a loop that moves streams sleeps before it waits.
@Suite struct NapPolicyTests {
    private static let nap = NapPolicy.length.clampedNanoseconds
    private static let wait: Int64 = 50_000

    /// A loop that moves a stream, and sleeps so often: how often it napped.
    ///
    /// - Parameters:
    ///   - bytes: what a turn moves after a nap, and after a wait for the next piece.
    private func naps(_ policy: inout NapPolicy, _ sleeps: Int, bytes: (napped: Int, waited: Int)) -> Int {
        var now: Int64 = 0
        var count = 0
        for _ in 0..<sleeps {
            let napped = policy.naps(at: now)
            if napped { count += 1 }
            now += napped ? Self.nap : Self.wait
            policy.moved(napped ? bytes.napped : bytes.waited)
        }
        return count
    }

    @Test func aSenderThatGoesOnIsNappedForNearlyAlways() {
        var policy = NapPolicy()
        #expect(naps(&policy, 2 * NapPolicy.sample, bytes: (1_200_000, 200_000)) == 0)
        let share = Double(naps(&policy, 100_000, bytes: (1_200_000, 200_000))) / 100_000
        #expect((0.9..<1).contains(share))
    }

    /// Its window is full after 200 kB, and nothing comes before they were taken.
    @Test func aSenderThatStandsStillMeanwhileIsNot() {
        var policy = NapPolicy()
        #expect(naps(&policy, 1_000_000, bytes: (200_000, 200_000)) < 20_000)
    }

    /// It can do no more than it does: naps cost it nothing.
    @Test func aSenderThatIsSlowIsNappedFor() {
        var policy = NapPolicy()
        #expect(naps(&policy, 10_000, bytes: (30_000, 5_000)) > 8_000)
    }

    @Test func aSenderThatBeginsToStandStillIsFound() {
        var policy = NapPolicy()
        _ = naps(&policy, 10_000, bytes: (1_200_000, 200_000))
        #expect(naps(&policy, 100_000, bytes: (200_000, 200_000)) <= 20 * NapPolicy.sample)
    }

    @Test func aMessageEndsThem() {
        var policy = NapPolicy()
        #expect(naps(&policy, 1_000, bytes: (1_200_000, 200_000)) > 0)
        policy.heardMessage()
        #expect(naps(&policy, 2 * NapPolicy.sample, bytes: (1_200_000, 200_000)) == 0)
        #expect(naps(&policy, NapPolicy.sample, bytes: (1_200_000, 200_000)) > 0)
    }

    @Test func whoMovesNoStreamNeverNaps() {
        var policy = NapPolicy()
        #expect(!(0..<1_000).contains { _ in policy.naps(at: 0) })
    }
}
