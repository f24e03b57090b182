// SPDX-License-Identifier: Apache-2.0

import Histogram
import NitkaBench
import NitkaProbe
import Testing

@Suite struct GateTests {
    private static let report = {
        var outcome = Sample.empty
        outcome.duration = .seconds(1)
        outcome.echoes = 10_000
        outcome.errors = ["timed out": 12]
        outcome.mismatches = 3
        outcome.latency.record(90_000, count: 9_800)
        outcome.latency.record(6_311_000, count: 200)
        outcome.service.record(90_000, count: 10_000)
        return BenchReport(outcome)
    }()

    @Test(
        "a crossed gate says by how much",
        arguments: [
            ("p99>5ms", "p99 is 6.31 ms, more than 5 ms"), ("p99>6s", nil),
            ("p50<100us", "p50 is 90 µs, less than 100 µs"),
            ("p99.9>0.5µs", "p99.9 is 6.31 ms, more than 500 ns"),
            ("max>6.31ms", "max is 6311.935 µs, more than 6.31 ms"),
            ("mean>0.2ms", "mean is 214 µs, more than 200 µs"), ("service_p99>5ms", nil), ("p90>1ms", nil),
            ("service_max>1us", "service_max is 90 µs, more than 1 µs"), ("p50>90.111us", nil),
            ("rate<50k", "rate is 10,000 echoes/s, less than 50,000"), ("rate<9.9k", nil), ("rate>0.01M", nil),
            ("errors>0", "errors are 12, more than 0"), ("errors>12", nil),
            ("errors>0.1%", "errors are 12 for 10,000 echoes (0.12 %), more than 0.1 %"), ("errors>0.12%", nil),
            ("mismatches>0", "mismatches are 3, more than 0"), ("mismatches>3", nil),
        ])
    func gatesAreCrossedOrNot(text: String, complaint: String?) throws {
        let gate = try Gate(text)
        #expect(gate.complaint(about: Self.report) == complaint)
        #expect(gate.isCrossed(by: Self.report) == (complaint != nil))
        #expect(gate.isMet(by: Self.report) == (complaint != nil))
        #expect(gate.description == text)
    }

    @Test(
        "without echoes, every gate on times is crossed and no condition is met",
        arguments: ["p99>5ms", "p99<5ms", "service_max>1s"])
    func withoutEchoesEveryGateOnTimesIsCrossed(text: String) throws {
        let gate = try Gate(text)
        let report = BenchReport(Sample.empty)
        #expect(gate.isCrossed(by: report))
        #expect(!gate.isMet(by: report))
        #expect(gate.complaint(about: report) == "\(gate.metric.name) is not known, since no echo came back")
    }

    @Test("errors without echoes exceed any share of them") func errorsWithoutEchoesAreMoreThanAnyShareOfThem() throws {
        var outcome = Sample.empty
        outcome.errors = ["connection refused": 50]
        let complaint = try Gate("errors>100%").complaint(about: BenchReport(outcome))
        #expect(complaint == "errors are 50 for 0 echoes, more than 100 %")
    }

    @Test(
        "malformed gates are refused with one sentence",
        arguments: [
            "", "p99", "p99>", ">5ms", "p98>5ms", "p99>=5ms", "p99>5", "p99>5 ms", "p99 >5ms", "p99>05ms", "p99>+5ms",
            "p99>-5ms", "p99>5m", "p99>1e3us", "p99>nanms", "p99>5ms ", "p99=5ms", "P99>5ms", "rate<50K", "rate<50%",
            "errors>0.5", "errors>1k", "mismatches>1%", "service_rate>1", "p99>5ms>4ms", "p99>٥ms", "p99>99999999999ms",
        ])
    func oddGatesAreRefusedWithOneSentence(text: String) {
        do {
            _ = try Gate(text)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.description.contains("such as"))
            #expect(!error.description.contains("\n"))
        }
    }

    @Test(
        "the condition of a search is an upper limit, and the error shows it",
        arguments: [
            ("p99>1ms", "write p99<1ms"), ("errors>1%", "write errors<1%"), ("mismatches>0", "write mismatches<1"),
            ("rate>50k", "such as p99<10ms"), ("rate<50k", "such as p99<10ms"), ("p99", "such as p99>5ms"),
        ])
    func searchConditionsAreUpperLimits(text: String, advice: String) {
        do {
            _ = try Gate(searchCondition: text)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.description.contains(advice))
        }
    }

    @Test(
        "an upper limit is accepted as the condition of a search",
        arguments: ["p99<1ms", "errors<0.1%", "service_max<1s"])
    func upperLimitsAreSearchConditions(text: String) throws {
        #expect(try Gate(searchCondition: text) == Gate(text))
    }

    @Test("a condition that is not met says by what") func unmetConditionsSayByWhat() throws {
        #expect(try Gate("p99<1ms").shortfall(of: Self.report) == "p99 is 6.31 ms")
        #expect(try Gate("errors<0.1%").shortfall(of: Self.report) == "errors are 12 for 10,000 echoes (0.12 %)")
    }

    @Test("a malformed gate says what is allowed") func whatIsAllowedIsSaid() {
        func reason(_ text: String) -> String? {
            do { _ = try Gate(text) } catch { return error.description }
            return nil
        }
        #expect(reason("p99>5") == "the limit of p99 is a number with a unit (us, ms, s), such as p99>5ms")
        #expect(
            reason("speed>5") == "write a name, > or <, and a limit, such as p99>5ms; the names are rate, errors, "
                + "mismatches, p50, p90, p99, p99.9, max, mean, and the times with service_ before them")
    }
}
