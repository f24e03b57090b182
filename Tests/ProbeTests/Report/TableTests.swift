// SPDX-License-Identifier: Apache-2.0

import Histogram
import NitkaBench
import Testing

@Suite struct TableTests {
    @Test("an open loop has times from due and from send") func anOpenLoopHasItsTimesFromDueAndFromSend() {
        let lines = ReportTable(Sample.openLoop).lines()
        #expect(
            lines == [
                "ping-pong with 127.0.0.1:7007: 50 clients, 64 B a message, at 1,000/s, for 30 s",
                "",
                "echoes                30,000   1,000/s achieved of 1,000",
                "bytes                1.92 MB   64 kB a second",
                "errors                    15   timed out 12, connection reset 3",
                "mismatches                 0",
                "generator busy           4 %",
                "",
                "                       p50       p90       p99     p99.9       max      mean",
                "from due           93.3 µs   99.2 ms    190 ms    198 ms    199 ms     20 ms",
                "from send          90.4 µs    103 µs    380 µs   16.1 ms    200 ms    303 µs",
                "",
                "VALID",
            ])
    }

    @Test("a table shows why the run is invalid, and escapes foreign text")
    func invalidIsSaidWithEveryReasonAndStrangersDoNotReachTheTerminal() {
        let lines = ReportTable(Sample.invalid).lines()
        #expect(
            lines.suffix(2) == [
                "INVALID: 50 of 500 clients could connect: connection refused",
                "INVALID: the generator was the limit: it was busy for 99 %",
            ])
        #expect(lines.contains("mismatches                 2   the first: client 7, offset 4096: 1 byte changed"))
        #expect(!lines.joined().contains("\u{1b}"))
    }

    @Test("without echoes, times are dashes") func withoutEchoesThereIsADash() {
        let lines = ReportTable(Sample.empty).lines(unicode: false)
        #expect(lines.contains("round trip               -         -         -         -         -         -"))
        #expect(TextHistogram(Sample.empty.latency).lines() == [])
    }

    @Test(
        "tables fit 80 columns, and are ASCII if asked",
        arguments: [Sample.closedLoop, Sample.openLoop, Sample.invalid, Sample.churn, Sample.empty])
    func everythingFitsEightyColumnsAndASCIIWhereAsked(outcome: BenchOutcome) {
        for unicode in [true, false] {
            let table = ReportTable(outcome).lines(unicode: unicode)
            let histogram = TextHistogram(outcome.latency).lines(unicode: unicode)
            #expect((table + histogram).allSatisfy { $0.count <= 80 })
            #expect(unicode || (table + histogram).joined().utf8.allSatisfy { (32..<127).contains($0) })
        }
    }

    @Test("a histogram has round borders and bars in eighths") func aHistogramHasRoundBordersAndBarsInEighths() {
        var times = BenchOutcome.histogram()
        times.record(1_000, count: 8)
        times.record(2_500, count: 4)
        times.record(9_000, count: 1)
        #expect(
            TextHistogram(times, most: 6).lines(width: 50) == [
                "  1 µs – 1.5 µs  █████████████████████  61.54 %  8",
                "1.5 µs – 2.2 µs                          0.00 %  0",
                "2.2 µs – 3.3 µs  ██████████▌            30.77 %  4",
                "3.3 µs – 4.7 µs                          0.00 %  0",
                "4.7 µs – 6.8 µs                          0.00 %  0",
                "6.8 µs –  10 µs  ██▋                     7.69 %  1",
            ])
        #expect(
            TextHistogram(times, most: 6).lines(width: 50, unicode: false)[5]
                == "6.8 us -  10 us  ###                     7.69 %  1")
    }

    @Test("a single time is a single bar") func oneTimeIsOneBar() {
        var times = BenchOutcome.histogram()
        times.record(0)
        #expect(TextHistogram(times).lines(width: 40).count == 1)
    }
}
