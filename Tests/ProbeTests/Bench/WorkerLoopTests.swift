// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import NitkaBench

/// The event loop of a worker and its decisions.
@Suite struct WorkerLoopTests {
    @Test("deadlines come in order, and each client has only its last one")
    func deadlinesComeInOrder() {
        var heap = DeadlineHeap()
        var expected: [Int: Int64] = [:]
        var state: UInt64 = 1
        func number(below limit: UInt64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(state >> 33 % limit)
        }
        var now: Int64 = 0
        for _ in 0..<20_000 {
            let client = Int(number(below: 50))
            // Later, earlier, in the past, or none at all.
            let moment = number(below: 8) == 0 ? Int64.max : now - 20 + number(below: 200)
            heap.set(moment, for: client)
            expected[client] = moment
            #expect(heap.earliest <= expected.values.min() ?? .max)
            guard number(below: 4) == 0 else { continue }
            now += number(below: 60)
            while let due = heap.popDue(at: now) {
                #expect(expected.removeValue(forKey: due).map { $0 <= now } == true)
            }
            #expect(expected.values.allSatisfy { $0 > now })
        }
    }

    @Test("after a vain spin the next spin comes later, and an event makes up for it")
    func vainSpinsBecomeRarer() {
        var budget = SpinBudget()
        let spinsAtFirst = budget.allowsSpin()
        #expect(!spinsAtFirst)
        budget.reported(1)
        var sleeps: [Int] = []
        for _ in 0..<4 {
            var count = 0
            while !budget.allowsSpin() { count += 1 }
            sleeps.append(count)
            budget.spun(0, wasPreempted: false)
        }
        #expect(sleeps == [0, 1, 2, 4])
        while !budget.allowsSpin() {}
        budget.spun(1, wasPreempted: false)
        let spinsAgain = budget.allowsSpin()
        #expect(spinsAgain)
        budget.spun(1, wasPreempted: true)
        var count = 0
        while !budget.allowsSpin() { count += 1 }
        #expect(count == SpinBudget.mostSleeps)
        budget.reported(2)
        let spinsForTwo = budget.allowsSpin()
        #expect(!spinsForTwo)
    }

    /// A client without a socket.
    private final class Counter: BenchClient {
        private let turns: Monitor<Int>
        private let loop: WorkerLoop

        init(_ turns: Monitor<Int>, _ loop: WorkerLoop) { (self.turns, self.loop) = (turns, loop) }

        func isServed(by moment: Int64) -> Bool { false }

        func act(on readiness: LoopReadiness?) -> NextTurn {
            let count = turns.update { turns in
                turns += 1
                return turns
            }
            return switch count {
            case 1: .again
            case 2: .at(loop.now - 1)
            case 3: .at(loop.now + 1_000_000)
            default: .never
            }
        }
    }

    @Test("a client has its turns at once, after a deadline, and after a nudge", .timeLimit(.minutes(1)))
    func aClientHasItsTurns() throws {
        let loop = try WorkerLoop()
        let turns = Monitor(0)
        let threads = ThreadGroup()
        try threads.start(named: "loop") { loop.run() }
        loop.post { loop.add(Counter(turns, loop), firstTurnAt: loop.now) }
        turns.wait { $0 == 4 ? () : nil }
        loop.post { loop.nudgeAll() }
        turns.wait { $0 == 5 ? () : nil }
        loop.stop()
        #expect(threads.join(until: .now + .seconds(30)))
        #expect(loop.clients.isEmpty)
        #expect(turns.withLock { $0 } == 5)
    }
}
