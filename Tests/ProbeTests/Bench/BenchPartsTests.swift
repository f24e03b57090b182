// SPDX-License-Identifier: Apache-2.0

import Histogram
import Testing

@testable import NitkaBench

/// The parts of the load generator that need no socket.
@Suite struct BenchPartsTests {
    @Test("a queue of messages keeps their order") func aQueueOfMessagesKeepsTheirOrder() {
        var queue = MessageQueue()
        var (next, expected) = (Int64(0), Int64(0))
        // The ring grows, becomes empty, and wraps at every index.
        for round in 0..<200 {
            for _ in 0..<(round * 7 % 13) {
                queue.append(MessageQueue.Message(due: next, sent: next))
                next += 1
            }
            for _ in 0..<(round * 5 % 11) {
                guard let message = queue.removeOldest() else { break }
                #expect(message.due == expected)
                expected += 1
            }
            #expect(queue.count == Int(next - expected))
            #expect(queue.oldest?.due == (queue.count == 0 ? nil : expected))
        }
    }

    @Test("only messages that are due in the window count") func whatIsDueBeforeOrAfterTheCountingDoesNotCount() {
        let recorder = Recorder(isOpenLoop: true)
        recorder.window = Recorder.Window(begin: 100, end: 200)
        for due in [99, 100, 199, 200] as [Int64] {
            recorder.began(due: due, at: due, lag: 1)
            recorder.echo(MessageQueue.Message(due: due, sent: due), at: 1000, bytes: 64)
        }
        let tally = recorder.exchange(FreshTally())
        #expect((tally.echoes, tally.bytes, tally.begunInTime) == (2, 128, 2))
        #expect([tally.latency, tally.service, tally.lag].map(\.totalCount) == [2, 2, 2])
        // Due in the warm-up, and answered in the window: achieved, but not counted.
        recorder.echo(MessageQueue.Message(due: 50, sent: 60), at: 150, bytes: 64)
        // The first echo of a connection is no message of the schedule.
        recorder.echo(MessageQueue.Message(due: .min, sent: 60), at: 150, bytes: 64)
        let achieved = recorder.exchange(FreshTally())
        #expect((achieved.echoes, achieved.returned) == (0, 1))
        // Due within the window, but sent too late to count for the rate.
        recorder.began(due: 199, at: 200, lag: 1)
        let late = recorder.exchange(FreshTally())
        #expect((late.begunInTime, late.lag.totalCount) == (0, 1))
    }

    @Test("the schedules of all clients together are evenly spaced") func aScheduleIsEvenOverAllClients() {
        var due: [Int64] = []
        for client in 0..<7 {
            var schedule = Schedule(start: 1000, client: client, of: 7, rate: 700_000)
            #expect(schedule.count(before: 1000) == 0)
            for _ in 0..<100 {
                due.append(schedule.next)
                schedule.advance()
            }
        }
        due.sort()
        #expect(due.first == 1000)
        for (index, moment) in due.enumerated() {
            #expect(abs(moment - 1000 - Int64(Double(index) * 1e9 / 700_000)) <= 1)
        }
    }

    @Test("a schedule knows how many messages are left") func aScheduleKnowsHowManyAreLeft() {
        var schedule = Schedule(start: 0, client: 1, of: 2, rate: 4)
        // Due at 0.25, 0.75, 1.25 seconds.
        #expect(schedule.count(before: 250_000_000) == 0)
        #expect(schedule.count(before: 250_000_001) == 1)
        #expect(schedule.count(before: 1_000_000_000) == 2)
        schedule.advance()
        #expect(schedule.count(before: 1_000_000_000) == 1)
    }

    /// Rates at which a division alone would leave one message too many.
    @Test(
        "nothing is left of a schedule that is done", arguments: [(1, 77.0), (1, 5100), (10, 3700), (50, 6), (50, 580)])
    func nothingIsLeftOfAScheduleThatIsDone(clients: Int, rate: Double) {
        for client in 0..<clients {
            var schedule = Schedule(start: 0, client: client, of: clients, rate: rate)
            let end: Int64 = 11_000_000_000
            while schedule.next < end {
                #expect(schedule.count(before: end) > 0)
                schedule.advance()
            }
            #expect(schedule.count(before: end) == 0)
        }
    }

    @Test("a plan with a value out of range is an error, not a trap") func aPlanThatMakesNoSenseIsNoTrap() async throws
    {
        var plans = Array(repeating: BenchPlan(), count: 6)
        plans[0].rate = 0
        plans[1].rate = .infinity
        plans[2].clients = .max
        plans[3].size = 0
        plans[4].depth = 0
        plans[5].loops = 0
        for plan in plans {
            #expect(plan.problem != nil)
            await #expect(throws: BenchObstacle.self) { try await Bench("127.0.0.1:1", plan).run() }
        }
        #expect(BenchPlan().problem == nil)
    }

    @Test("the search finds the highest rate that holds") func theSearchFindsTheHighestRateThatHolds() {
        for limit in [3.0, 900, 12_345, 80_000, 170_000] {
            var search = MaxSearch(closedLoop: 100_000)
            var tried: [Double] = []
            while let rate = search.next {
                tried.append(rate)
                search.tried(rate, holds: rate <= limit)
            }
            #expect(Set(tried).count <= MaxSearch.mostSteps)
            #expect(search.best.map { $0 <= limit && $0 >= limit * 0.9 - 1 } == true, "\(limit): \(tried)")
        }
    }

    @Test("a rate that fails is tried once more, and may hold then") func aFailedRateIsRepeatedOnce() {
        var search = MaxSearch(closedLoop: 1000)
        #expect(search.next == 500)
        search.tried(500, holds: false)
        #expect(search.isRepeating && search.next == 500)
        search.tried(500, holds: true)
        #expect(!search.isRepeating && search.best == 500 && search.tooMuch == nil && search.next == 750)
        search.tried(750, holds: false)
        search.tried(750, holds: false)
        #expect(!search.isRepeating && search.tooMuch == 750 && search.next == 625)
        #expect(search.steps == 2)
    }

    @Test("the search ends if no rate holds") func theSearchGivesUpWhereNothingHolds() {
        var search = MaxSearch(closedLoop: 1000)
        while let rate = search.next { search.tried(rate, holds: false) }
        #expect(search.best == nil)
    }

    @Test("an invalid run names its reasons") func whatIsInvalidSaysWhy() {
        let good = BenchVerdict(
            clientsAsked: 50, clientsOpen: 50, rateAsked: 1000, rateReached: 985, rateAchieved: 985, seconds: 1,
            lag: 900_000, latency: 100_000, echoes: 985)
        #expect(good.invalidReasons == [])
        var fewer = good
        fewer.clientsOpen = 49
        #expect(fewer.invalidReasons == ["only 49 of 50 clients were served when counting began"])
        var slow = good
        (slow.rateReached, slow.rateAchieved) = (979, 975)
        #expect(slow.invalidReasons == ["975/s achieved of 1,000"])
        // The server works off the messages of the warm-up, and none of the counted time.
        (slow.rateReached, slow.rateAchieved, slow.echoes) = (0, 975, 0)
        #expect(slow.invalidReasons == ["975/s achieved of 1,000"])
        // The backlog of the warm-up does not grow.
        slow.rateAchieved = 1000
        #expect(slow.invalidReasons == ["only 0/s of the 1,000/s that were due were sent in time"])
        slow.rateAchieved = 0
        #expect(slow.invalidReasons == ["no echo came back in the counted time", "0/s achieved of 1,000"])
        slow.seconds = 0
        #expect(slow.invalidReasons == ["ended before counting began"])
        // 10.5 messages were due: 11 are not a miss.
        let few = BenchVerdict(
            clientsAsked: 1, clientsOpen: 1, rateAsked: 7, rateReached: 11 / 1.5, rateAchieved: 11 / 1.5, seconds: 1.5,
            lag: 0,
            latency: 0, echoes: 11)
        #expect(few.invalidReasons == [])
        var late = good
        late.lag = 1_100_000
        #expect(late.invalidReasons == ["the generator itself sent 1 % of the messages at least 1.1 ms late"])
        // With a slow server, the lag is a small part of the latency.
        late.latency = 20_000_000
        #expect(late.invalidReasons == [])
        var short = good
        short.errors = ["connect: cannot assign requested address": 2, "connect: connection refused": 1]
        #expect(
            short.invalidReasons == [
                "this machine ran short: connect: cannot assign requested address, 2 times; remedy: wait 60 s, or sysctl "
                    + "-w net.ipv4.ip_local_port_range='1024 65535' net.ipv4.tcp_tw_reuse=1"
            ])
        var nothing = good
        (nothing.echoes, nothing.rateAsked) = (0, nil)
        #expect(nothing.invalidReasons == ["no echo came back in the counted time"])
    }

    @Test("the preflight names the remedy") func thePreflightNamesTheRemedy() {
        var plan = BenchPlan()
        plan.clients = 30_000
        #expect(Preflight(descriptors: 40_000, ports: 40_000).obstacle(plan) == nil)
        #expect(Preflight(descriptors: nil, ports: nil).obstacle(plan) == nil)
        plan.loops = 8
        #expect(Preflight(processors: 8).advice(plan) == nil)
        #expect(Preflight(processors: 2).advice(plan) == "8 threads compete for 2 processors: --threads 2")
        #expect(Preflight(descriptors: 1024, ports: 40_000).obstacle(plan)?.contains("ulimit -n 30064") == true)
        #expect(Preflight(descriptors: 40_000, ports: 28_232).obstacle(plan)?.contains("ip_local_port_range") == true)
    }

    @Test("compact times are equal to the original") func timesThatWereMadeCompactAreTheSame() {
        for values in [
            [], [0], [7], [7, 7, 7], [1000, 1001], [2048, 2049], [0, 5, 5_000_000_123], [3_599_999_999_999],
            [5_000_000_123, 5_000_000_123, 9_000_000_321],
        ] {
            var times = BenchOutcome.histogram()
            for value in values { times.record(UInt64(value)) }
            let again = CompactTimes(times).times
            #expect(again == times, "\(values)")
            #expect(again.min == times.min && again.maxRecorded == times.maxRecorded, "\(values)")
        }
        var many = BenchOutcome.histogram()
        for value in 0..<100_000 { many.record(UInt64(value * value % 1_000_003) * 977) }
        #expect(CompactTimes(many).times == many)
        #expect(CompactTimes(many).times.maxRecorded == many.maxRecorded)
    }

    @Test("a client that is not served connects less and less often")
    func aClientThatIsNotServedComesBackLessOften() {
        var pause = ReconnectPause()
        #expect(
            (0..<8).map { _ in pause.next(wasGreeted: false) / 1_000_000 } == [10, 20, 40, 80, 160, 320, 640, 1000])
        #expect(pause.next(wasGreeted: true) == 10_000_000)
    }
}
