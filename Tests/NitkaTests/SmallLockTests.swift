// SPDX-License-Identifier: Apache-2.0

import Nitka
import Testing

@testable import NitkaSystem

@Suite struct SmallLockTests {
    /// Two locks, of which waiters meet in one place.
    @Test func oneAtATimeHoldsItThoughManyWant() throws {
        let counters = [Counter(), Counter()]
        let chain = ThreadChain()
        for number in 0..<8 {
            try chain.start(named: "counter") {
                let counter = counters[number % 2]
                for turn in 0..<2000 {
                    counter.addOne(slowly: turn % 100 == number)
                }
            }
        }
        try #require(chain.join(until: .now + .seconds(60)))
        #expect(counters.map(\.total) == [8000, 8000])
    }

    @Test func whoWaitsSleepsUntilItIsFree() throws {
        let counter = Counter()
        let waiter = Monitor<Int32?>(nil)
        let chain = ThreadChain()
        counter.lock.lock()
        try chain.start(named: "waiter") {
            waiter.update { $0 = CurrentThread.id }
            counter.addOne(slowly: false)
        }
        do {
            defer { counter.lock.unlock() }
            let id = try #require(waiter.wait(until: .now + .seconds(30)) { $0 })
            try eventually("it sleeps in the lock") {
                ProcFile.text("/proc/self/task/\(id)/stat")?.contains("(waiter) S ") ?? false
            }
            #expect(counter.total == 0)
        }
        #expect(chain.join(until: .now + .seconds(30)))
        #expect(counter.total == 1)
    }
}

/// Unchecked: the lock is what is tried; without it Thread Sanitizer would find the race.
private final class Counter: @unchecked Sendable {
    let lock = SmallLock(room: 3)
    private(set) var total = 0

    func addOne(slowly: Bool) {
        lock.lock()
        let before = total
        if slowly { CurrentThread.sleep(for: .microseconds(100)) }
        total = before + 1
        lock.unlock()
    }
}
