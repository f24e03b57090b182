// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

/// The signals that ask `check`, `bench` and `serve` to end.
@Suite struct CheckSignalTests {
    private func counted(_ milliseconds: [Int64]) -> [Int64] {
        var counter = SignalCounter()
        let counted = milliseconds.filter { counter.add(at: MonotonicTime(nanoseconds: $0 * 1_000_000)) }
        #expect(counter.count == counted.count)
        return counted
    }

    @Test("signals within 100 ms count as 1, and a signal 200 ms later counts again") func windowOfOneRequest() {
        #expect(counted([5]) == [5])
        #expect(counted([5, 5]) == [5])
        #expect(counted([5, 6, 105]) == [5])
        #expect(counted([5, 205]) == [5, 205])
        #expect(counted([5, 205, 206, 405]) == [5, 205, 405])
    }

    @Test("a signal that is repeated every 10 ms counts again") func repeatedSignalCountsAgain() {
        let counted = counted((0..<50).map { $0 * 10 })
        #expect(counted == [0, 150, 300, 450])
    }
}
