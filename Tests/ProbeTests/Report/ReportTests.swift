// SPDX-License-Identifier: Apache-2.0

import Histogram
import NitkaBench
import NitkaProbe
import Testing

@Suite struct ReportTests {
    /// 1,000 echoes of 64 bytes in 2 s, which took 1 to 1,000 µs.
    private var outcome: BenchOutcome {
        var outcome = Sample.empty
        outcome.duration = .seconds(2)
        outcome.clients = 50
        outcome.echoes = 1000
        outcome.bytes = 64_000
        outcome.errors = ["timed out": 2, "connection reset": 1, "cut off": 0]
        outcome.busy = 0.4321987
        for trip in 1...1000 as ClosedRange<UInt64> { outcome.latency.record(trip * 1000) }
        outcome.service = outcome.latency
        return outcome
    }

    @Test("the JSON has the documented keys") func theJSONHasTheDocumentedKeys() {
        let times = """
            {
                "max" : 1000.447,
                "mean" : 500.505,
                "p50" : 500.223,
                "p90" : 900.095,
                "p99" : 990.207,
                "p99_9" : 999.423
              }
            """
        #expect(
            BenchReport(outcome).json() == """
                {
                  "address" : "127.0.0.1:7007",
                  "began" : "2026-11-25T06:30:00.250Z",
                  "bytes" : 64000,
                  "bytes_per_second" : 32000,
                  "clients" : 50,
                  "clients_asked" : 50,
                  "depth" : 1,
                  "duration_s" : 2,
                  "echoes" : 1000,
                  "echoes_per_second" : 500,
                  "errors" : 3,
                  "errors_by_kind" : {
                    "connection reset" : 1,
                    "timed out" : 2
                  },
                  "format" : "nitka bench report",
                  "generator_busy" : 0.432,
                  "interrupted" : false,
                  "invalid_reasons" : [

                  ],
                  "latency_us" : \(times),
                  "mismatches" : 0,
                  "mode" : "ping-pong",
                  "parts" : [

                  ],
                  "service_us" : \(times),
                  "size" : 64,
                  "valid" : true,
                  "version" : 1
                }

                """)
    }

    @Test(
        "a report that was written is read back",
        arguments: [Sample.closedLoop, Sample.openLoop, Sample.invalid, Sample.churn, Sample.empty])
    func whatIsWrittenIsReadBack(outcome: BenchOutcome) throws {
        let report = BenchReport(outcome)
        #expect(try BenchReport(json: report.json()) == report)
    }

    @Test(
        "other text is refused with a reason",
        arguments: [
            ("", "it is not a report of nitka bench"), ("[1]", "it is not a report of nitka bench"),
            (#"{"format":"other","version":1}"#, "it is not a report of nitka bench"),
            (
                #"{"format":"nitka bench report","version":2}"#,
                "it is a report of version 2, this nitka reads version 1"
            ),
            (
                #"{"format":"nitka bench report","version":1}"#,
                "it is a report of nitka bench, but address is missing"
            ),
        ])
    func whatIsNoReportIsSaid(text: String, reason: String) {
        #expect(throws: ReportError.self) { try BenchReport(json: text) }
        do { _ = try BenchReport(json: text) } catch { #expect(error.description == reason) }
    }

    @Test("a figure of the wrong type is named") func aFigureOfTheWrongKindIsNamed() throws {
        let text = BenchReport(outcome).json().replacing(#""p99" : 990.207"#, with: #""p99" : "fast""#)
        do {
            _ = try BenchReport(json: text)
            Issue.record("it was read")
        } catch {
            #expect(error.description == "it is a report of nitka bench, but latency_us.p99 has a wrong type or value")
        }
    }

    @Test("without echoes there are no times") func withoutEchoesThereAreNoTimes() {
        let report = BenchReport(Sample.empty)
        #expect(report.latency == nil && report.service == nil)
        #expect(report.echoesPerSecond == 0)
        #expect(!report.json().contains("latency_us"))
    }
}
