// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Nitka

@Suite struct EventLoopTests {
    @Test("timers fire in the order of their moments") func timersFireInOrder() {
        var timers = TimerHeap()
        let moments = (0..<500).map { Int64($0 * 7919 % 1009) }
        for (token, moment) in moments.enumerated() { timers.set(moment, for: UInt64(token)) }
        var fired: [Int64] = []
        while let timer = timers.next(at: 600) {
            #expect(moments[Int(timer.token)] == timer.moment)
            fired.append(timer.moment)
        }
        #expect(fired == moments.filter { $0 <= 600 }.sorted())
        #expect(timers.earliest == moments.filter { $0 > 600 }.min())
    }

    @Test("timers of clients that have ended can be removed, and the others still fire in order") func deadTimers() {
        var timers = TimerHeap()
        for token in 0..<500 { timers.set(Int64(token * 7919 % 1009), for: UInt64(token)) }
        timers.removeAll { $0.token % 3 != 0 }
        #expect(timers.count == 167)
        var fired: [Int64] = []
        while let timer = timers.next(at: .max) { fired.append(timer.moment) }
        #expect(fired == stride(from: 0, to: 500, by: 3).map { Int64($0 * 7919 % 1009) }.sorted())
    }

    @Test("the token of a registration that was removed finds nothing, also when its slot is used again")
    func staleTokens() {
        var table = RegistrationTable()
        let first = table.insert(.connection(Registration()))
        table.remove(first)
        table.remove(first)
        let second = table.insert(.connection(Registration()))
        #expect(first != second)
        if case .free = table[first] {} else { Issue.record("the first token finds a registration") }
        if case .connection = table[second] {} else { Issue.record("the second token finds no registration") }
        #expect(table.registrations.count == 1)
    }

    @Test("vain busy polls become rarer, and a loop with many clients never polls") func busyPolls() {
        var policy = BusyPollPolicy()
        #expect(policy.polls() == false)
        policy.reported(1)
        var sleeps: [Int] = []
        for _ in 0..<15 {
            var count = 0
            while policy.polls() == false { count += 1 }
            sleeps.append(count)
            policy.polled(found: 0, wasPreempted: false)
        }
        #expect(sleeps == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4096])
        while policy.polls() == false {}
        policy.polled(found: 1, wasPreempted: false)
        #expect(policy.polls() == true)
        policy.polled(found: 1, wasPreempted: true)
        #expect((0..<4096).map { _ in policy.polls() }.contains(true) == false)
        #expect(policy.polls() == true)
        policy.reported(50)
        #expect((0..<10_000).map { _ in policy.polls() }.contains(true) == false)
    }

    @Test("a loop does not busy-poll for a stream") func noBusyPollForBulk() {
        var policy = BusyPollPolicy()
        policy.reported(1)
        policy.movedBulk()
        #expect(policy.polls() == false)
        policy.reported(1)
        #expect(policy.polls() == true)
    }
}
