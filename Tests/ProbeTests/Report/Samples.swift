// SPDX-License-Identifier: Apache-2.0

import Histogram
import NitkaBench

/// Realistic outcomes, the same in every run of the tests.
enum Sample {
    /// Pseudorandom numbers from 0 to 1 (SplitMix64).
    struct Numbers {
        var state: UInt64
        mutating func next() -> Double {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return Double((mixed ^ mixed >> 31) >> 11) / Double(1 << 53)
        }

        /// A round trip in nanoseconds: usually near 90 µs, rarely much longer.
        mutating func trip() -> UInt64 {
            let body = 60 + 15 * (next() + next() + next() + next())
            let tail = next() < 0.03 ? 1 / (next() + 0.004) : 0
            return UInt64(body * (1 + tail) * 1000)
        }
    }

    static let empty = BenchOutcome(plan: BenchPlan(), address: "127.0.0.1:7007", began: "2026-11-25T06:30:00.250Z")

    /// 10 seconds with about 2,000 echoes each.
    static let closedLoop = {
        var outcome = empty
        var numbers = Numbers(state: 1)
        outcome.clients = 50
        outcome.busy = 0.43
        outcome.machine = "2 processors, Linux 6.18, x86_64"
        for second in 0..<10 { add(second, echoes: 1900 + Int(200 * numbers.next()), &outcome) { numbers.trip() } }
        outcome.service = outcome.latency
        return outcome
    }()

    /// 1,000 messages a second to a server that stalls for 200 ms in every second.
    static let openLoop = {
        var outcome = empty
        var numbers = Numbers(state: 2)
        outcome.plan.rate = 1000
        outcome.clients = 50
        outcome.busy = 0.04
        var service = BenchOutcome.histogram()
        for second in 0..<30 {
            var index = 0
            add(second, echoes: 1000, &outcome) {
                index += 1
                let trip = numbers.trip()
                service.record(index == 1 ? 200_000_000 : trip)
                return index <= 200 ? UInt64(200 - index) * 1_000_000 + trip : trip
            }
        }
        outcome.service = service
        outcome.errors = ["timed out": 12, "connection reset": 3]
        outcome.seconds[12].errors = 15
        return outcome
    }()

    /// An invalid run, with text that a page must not interpret as markup.
    static let invalid = {
        var outcome = closedLoop
        outcome.plan.clients = 500
        outcome.busy = 0.99
        outcome.mismatches = 2
        outcome.firstMismatch = "client 7, offset 4096: 1 byte changed"
        outcome.errors = ["<script>alert('x')</script>\u{1b}[31m": 7]
        outcome.invalidReasons = [
            "50 of 500 clients could connect: connection refused", "the generator was the limit: it was busy for 99 %",
        ]
        return outcome
    }()

    /// 900 equal seconds: more than a chart can show.
    static let quarter = {
        var outcome = closedLoop
        let second = outcome.seconds[3]
        outcome.duration = .seconds(900)
        outcome.seconds = (0..<900).map { index in
            var other = second
            other.start = .seconds(index)
            return other
        }
        return outcome
    }()

    /// A run that was ended after 300 ms.
    static let moment = {
        var outcome = closedLoop
        outcome.duration = .milliseconds(300)
        outcome.seconds = Array(outcome.seconds.prefix(1))
        outcome.seconds[0].length = .milliseconds(300)
        outcome.wasInterrupted = true
        return outcome
    }()

    /// A churn, with the times of the parts of a visit.
    static let churn = {
        var outcome = closedLoop
        outcome.plan.mode = .churn
        var numbers = Numbers(state: 3)
        for name in ["connect", "first byte", "close"] {
            var times = BenchOutcome.histogram()
            for _ in 0..<5000 { times.record(numbers.trip() / 2) }
            outcome.parts.append((name, times))
        }
        return outcome
    }()

    private static func add(_ second: Int, echoes: Int, _ outcome: inout BenchOutcome, _ trip: () -> UInt64) {
        var latency = BenchOutcome.histogram()
        for _ in 0..<echoes { latency.record(trip()) }
        outcome.latency.add(latency)
        outcome.seconds.append(
            BenchSecond(
                start: .seconds(second), length: .seconds(1), echoes: UInt64(echoes), bytes: UInt64(echoes * 64),
                errors: 0, latency: latency))
        outcome.echoes += UInt64(echoes)
        outcome.returned = outcome.plan.rate == nil ? 0 : outcome.echoes
        outcome.bytes += UInt64(echoes * 64)
        outcome.duration = .seconds(second + 1)
    }
}
