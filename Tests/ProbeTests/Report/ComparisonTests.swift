// SPDX-License-Identifier: Apache-2.0

import Histogram
import NitkaBench
import NitkaProbe
import Testing

@Suite struct ComparisonTests {
    private static func report(trip: UInt64, echoes: UInt64 = 1000) -> BenchReport {
        var outcome = Sample.empty
        outcome.duration = .seconds(1)
        outcome.echoes = echoes
        outcome.latency.record(trip, count: 1000)
        outcome.service = outcome.latency
        return BenchReport(outcome)
    }

    @Test(
        "a longer time is worse, beyond the limit a complaint",
        arguments: [
            ("p99=10%", "p99 rose by 20 % (limit 10 %)"), ("p99=19.9%", "p99 rose by 20 % (limit 19.9 %)"),
            ("p99=25%", nil), ("max=0%", "max rose by 20 % (limit 0 %)"), ("rate=5%", nil),
            ("service_mean=1%", "service_mean rose by 20 % (limit 1 %)"),
        ])
    func slowerIsWorse(limit: String, complaint: String?) throws {
        let comparison = Comparison(before: Self.report(trip: 1000), after: Self.report(trip: 1200))
        #expect(try RegressionLimit(limit).complaint(about: comparison) == complaint)
    }

    @Test("a lower rate is worse, a higher rate is not") func aLowerRateIsWorseAndAHigherIsNot() throws {
        let (slow, fast) = (Self.report(trip: 1000, echoes: 900), Self.report(trip: 1000))
        let limit = try RegressionLimit("rate=5%")
        #expect(limit.complaint(about: Comparison(before: fast, after: slow)) == "rate fell by 10 % (limit 5 %)")
        #expect(limit.complaint(about: Comparison(before: slow, after: fast)) == nil)
    }

    @Test(
        "malformed limits are refused",
        arguments: [
            "", "p99", "p99=", "p99=10", "=10%", "p98=10%", "errors=10%", "mismatches=0%", "p99=-10%", "p99=+1%",
            "p99=1e1%", "p99=10%%", "p99>10%", "p99= 10%", "p99=010%",
        ])
    func oddLimitsAreRefused(text: String) {
        #expect(throws: ReportError.self) { try RegressionLimit(text) }
    }

    @Test("invalid runs and runs without echoes are not compared") func invalidRunsAndRunsWithoutEchoesAreNotCompared()
    {
        let good = Self.report(trip: 1000)
        func obstacle(_ other: BenchReport) -> String? {
            Comparison(before: good, after: other).obstacle(names: ("a.json", "b.json"))
        }
        #expect(obstacle(good) == nil)
        #expect(obstacle(BenchReport(Sample.empty)) == "b.json is the report of a run without echoes")
        #expect(
            obstacle(BenchReport(Sample.invalid))
                == "b.json is the report of an invalid run: 50 of 500 clients could connect: connection refused")
    }

    /// A foreign report may contain any numbers.
    @Test("no report makes the tool trap") func reportsOfStrangersTrapNowhere() throws {
        var odd = Self.report(trip: 1000)
        (odd.errors, odd.mismatches, odd.echoes, odd.bytes) = (.max, .max, .max, .max)
        (odd.echoesPerSecond, odd.bytesPerSecond, odd.duration, odd.rateAsked) = (1e300, -1e300, 1e300, -1e300)
        (odd.size, odd.clients, odd.clientsAsked, odd.depth, odd.generatorBusy) = (.min, .max, .min, .max, -1e300)
        odd.latency?.p99 = 1e300
        odd.service?.max = -1e300
        for comparison in [Comparison(before: odd, after: odd), Comparison(before: Self.report(trip: 1), after: odd)] {
            #expect(ComparisonTable(comparison).lines().count > 9)
            _ = try RegressionLimit("p99=10%").complaint(about: comparison)
            _ = try Gate("errors>0.1%").complaint(about: comparison.after)
        }
        #expect(ReportTable(odd).lines().count > 9)
    }

    @Test("the table shows the changes and how the plans differ") func theTableTellsTheChangesAndWhereThePlansDiffer() {
        var after = Self.report(trip: 1200, echoes: 900)
        after.clientsAsked = 500
        let lines = ComparisonTable(Comparison(before: Self.report(trip: 1000), after: after)).lines()
        #expect(
            lines == [
                "the runs differ: clients 50 and 500",
                "                        before         after        change",
                "rate                     1,000           900         -10 %",
                "errors                       0             0",
                "mismatches                   0             0",
                "p50                       1 µs        1.2 µs         +20 %",
                "p90                       1 µs        1.2 µs         +20 %",
                "p99                       1 µs        1.2 µs         +20 %",
                "p99.9                     1 µs        1.2 µs         +20 %",
                "max                       1 µs        1.2 µs         +20 %",
                "mean                      1 µs        1.2 µs         +20 %",
            ])
    }
}
