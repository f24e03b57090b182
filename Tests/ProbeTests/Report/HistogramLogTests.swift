// SPDX-License-Identifier: Apache-2.0

import Histogram
import NitkaBench
import NitkaProbe
import Testing

@Suite struct HistogramLogTests {
    @Test("a log follows the format") func theFileIsAsTheFormatSays() {
        var outcome = Sample.empty
        var times = BenchOutcome.histogram()
        times.record(2)
        times.record(1_500_000, count: 300)
        outcome.seconds = [
            BenchSecond(start: .zero, length: .seconds(1), echoes: 301, bytes: 0, errors: 0, latency: times),
            BenchSecond(
                start: .seconds(1), length: .milliseconds(500), echoes: 0, bytes: 0, errors: 0,
                latency: BenchOutcome.histogram()),
        ]
        let lines = HistogramLog(outcome).text.split(separator: "\n")
        #expect(
            lines.prefix(5) == [
                "#[Times are nanoseconds, recorded by nitka bench]", "#[Histogram log format version 1.3]",
                "#[StartTime: 1795588200.250 (seconds since epoch), 2026-11-25T06:30:00Z]",
                "#[BaseTime: 1795588200.250 (seconds since epoch)]",
                #""StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram""#,
            ])
        #expect(lines.count == 7)
        #expect(lines[5].hasPrefix("0.000,1.000,1.500,HISTFAAAA"))
        #expect(lines[6].hasPrefix("1.000,0.500,0.000,HISTFAAAA"))
    }

    @Test("a log that was written is read back", arguments: [Sample.closedLoop, Sample.openLoop])
    func whatIsWrittenIsReadBack(outcome: BenchOutcome) throws {
        let log = HistogramLog(outcome)
        let read = try HistogramLog(reading: log.text)
        #expect(read.total == outcome.latency)
        #expect(read.intervals.map(\.times) == log.intervals.map(\.times))
        #expect(read.start == log.start)
        #expect(read.text == log.text)
    }

    @Test("big counts, gaps and the longest times are read back") func bigCountsGapsAndTheLongestTimesComeBack() throws
    {
        var times = BenchOutcome.histogram()
        for (value, count) in [(0, 1), (1, 63), (2, 64), (4, 1 << 39), (3_600_000_000_000, 8191)] as [(UInt64, UInt64)]
        {
            times.record(value, count: count)
        }
        let log = HistogramLog(start: 0, intervals: [HistogramInterval(start: 0, length: 1, times: times)])
        let read = try HistogramLog(reading: log.text).total
        #expect(read == times)
        #expect(TimeSummary(read) == TimeSummary(times))
    }

    @Test("intervals of the same second are merged without loss")
    func intervalsOfTheSameSecondAreMergedAndNothingIsLost() {
        func log(_ start: Double, _ times: [UInt64]) -> HistogramLog {
            let intervals = times.enumerated().map { index, time in
                var histogram = BenchOutcome.histogram()
                histogram.record(time)
                return HistogramInterval(start: start + Double(index), length: 1, times: histogram)
            }
            return HistogramLog(start: start, intervals: intervals)
        }
        let merged = HistogramLog(merging: [log(100.25, [1, 2]), log(100, [3, 4, 5])])
        #expect(merged.start == 100)
        #expect(merged.intervals.map(\.start) == [100, 101, 102])
        #expect(merged.intervals.map(\.length) == [1.25, 1.25, 1])
        #expect(merged.intervals.map(\.times.totalCount) == [2, 2, 1])
        #expect(merged.total.totalCount == 5)
    }

    @Test("tags, comments and relative moments of other tools are read")
    func tagsCommentsAndRelativeMomentsOfOtherToolsAreRead() throws {
        let line = HistogramLog(Sample.closedLoop).text.split(separator: "\n")[5]
        let log = try HistogramLog(
            reading: "# made elsewhere\n#[StartTime: 1795588200.000 (seconds since epoch), whenever]\nTag=A,\(line)\n\n"
        )
        #expect(log.intervals.count == 1)
        #expect(log.intervals[0].start == 1_795_588_200)
    }

    @Test(
        "blanks, byte-order marks and line ends of other systems change nothing",
        arguments: [
            ("", " "), ("", "\t \t"), (" ", ""), ("\u{feff}", ""), ("\u{feff}  ", " \u{a0}"), ("", "\r"), ("\n", "\n"),
        ])
    func marginsAreIgnored(before: String, after: String) throws {
        let log = HistogramLog(Sample.closedLoop)
        let lines = log.text.split(separator: "\n").map { before + $0 + after }
        let read = try HistogramLog(reading: lines.joined(separator: "\n"))
        #expect(read.text == log.text)
        #expect(read.start == log.start)
    }

    @Test("a log keeps the tags of its intervals, and one of them can be chosen") func tagsAreKept() throws {
        let plain = HistogramLog(Sample.closedLoop).text.split(separator: "\n")
        let text =
            (plain.prefix(5) + ["Tag=A,\(plain[5])", "Tag=B,\(plain[6])", plain[7]]).joined(separator: "\n") + "\n"
        let log = try HistogramLog(reading: text)
        #expect(log.tags == ["A", "B", nil])
        #expect(log.text == text)
        let chosen = try log.only(tag: "B")
        #expect(chosen.total == HistogramLog(Sample.closedLoop).intervals[1].times)
        #expect(throws: ReportError.self) { try log.only(tag: "C") }
        // Of the same second: an interval of both tags has none.
        var other = log
        for index in other.intervals.indices { other.intervals[index].tag = "A" }
        #expect(HistogramLog(merging: [log, other]).tags == ["A", nil])
    }

    @Test(
        "a malformed log is refused with its line",
        arguments: [
            ("", "there is no histogram in it"), ("#[StartTime: 1.0 (x), y]\n", "there is no histogram in it"),
            ("hello\n", "line 1: it is not an interval of a histogram log"),
            ("\n0.0,1.0,2.0\n", "line 2: it is not an interval of a histogram log"),
            ("0.0,1.0,2.0,x,y", "line 1: it is not an interval of a histogram log"),
            ("nan,1.0,2.0,AAAA", "line 1: it is not an interval of a histogram log"),
            ("1e999,1.0,2.0,AAAA", "line 1: it is not an interval of a histogram log"),
            ("0.0,1.0,2.0,????", "line 1: the histogram is not base64"),
            ("0.0,1.0,2.0,AAAA", "line 1: the histogram ends too early"),
            ("0.0,1.0,2.0,AAAAAAAAAAA=", "line 1: the histogram is not in the V2 compressed encoding"),
            (
                // An empty histogram from the Python package of HdrHistogram, deflated by zlib.
                "0.0,1.0,2.0,HISTFAAAAB14nJNpmSzMgADMUJoRyHQz2LGAwf4DRAAATjkESw==",
                "line 1: the histogram is deflated, and nitka reads only stored ones"
            ),
        ])
    func whatIsNoLogIsSaidWithItsLine(text: String, reason: String) {
        do {
            _ = try HistogramLog(reading: text)
            Issue.record("it was read")
        } catch {
            #expect(error.description == reason)
        }
    }

    @Test("a damaged log is refused or read, and never traps") func everyDamagedByteIsRefusedOrReadAndNothingTraps() {
        let text = HistogramLog(Sample.closedLoop).text
        let line = Array(text.split(separator: "\n")[5].utf8)
        var numbers = Sample.Numbers(state: 4)
        var refused = 0
        for _ in 0..<400 {
            var damaged = line
            damaged[Int(numbers.next() * Double(min(line.count, 300)))] = UInt8(32 + numbers.next() * 95)
            if (try? HistogramLog(reading: String(decoding: damaged, as: UTF8.self)))?.text == nil { refused += 1 }
        }
        #expect(refused > 300)
    }
}
