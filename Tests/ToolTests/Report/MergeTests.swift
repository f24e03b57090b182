// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Histogram
import NitkaBench
import NitkaProbe
import Testing

@Suite struct MergeTests {
    @Test("merge adds 2 logs and prints the percentiles") func mergesTwoLogs() async throws {
        try await withLogs { folder in
            let ending = try await Tool.run(
                ["merge", "\(folder)/a.hlog", "\(folder)/b.hlog", "--output", "\(folder)/all.hlog"])
            #expect(ending.code == 0)
            #expect(ending.output.hasPrefix("count              3,000\np50 "))
            let text = try String(contentsOfFile: "\(folder)/all.hlog", encoding: .utf8)
            let merged = try HistogramLog(reading: text)
            #expect(merged.intervals.count == 2)
            #expect(merged.total.totalCount == 3000)
        }
    }

    @Test("with --output -, standard output contains only the log") func logOnStandardOutput() async throws {
        try await withLogs { folder in
            let ending = try await Tool.run(["merge", "\(folder)/a.hlog", "-o", "-"])
            #expect(ending.code == 0)
            #expect(ending.output == HistogramLog(outcome(trip: 100_000)).text)
        }
    }

    @Test("a file that is not a histogram log exits with 2, and the message names the line")
    func malformedLogNamesLine() async throws {
        try await withFolder { folder in
            try write("#[StartTime: 1.0 (seconds since epoch), x]\nhello\n", to: "\(folder)/a.hlog")
            let ending = try await Tool.run(["merge", "\(folder)/a.hlog"])
            #expect(ending.code == 2)
            #expect(ending.error == "nitka: \(folder)/a.hlog, line 2: it is not an interval of a histogram log\n")
        }
    }

    @Test("a log that cannot be written exits with 2 and prints one sentence") func unwritableFileIsOneSentence()
        async throws
    {
        try await withLogs { folder in
            let ending = try await Tool.run(["merge", "\(folder)/a.hlog", "-o", "\(folder)/none/all.hlog"])
            #expect(ending.code == 2)
            #expect(ending.error == "nitka: write \(folder)/none/all.hlog: no such file or directory\n")
        }
    }

    @Test("merge writes into a device in place, and through a symbolic link") func writesThroughDevicesAndLinks()
        async throws
    {
        try await withLogs { folder in
            let device = try await Tool.run(["merge", "\(folder)/a.hlog", "-o", "/dev/null"])
            #expect(device.code == 0)
            let type = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType
            #expect(type == .typeCharacterSpecial)

            try write("before", to: "\(folder)/target")
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/link", withDestinationPath: "\(folder)/target")
            let link = try await Tool.run(["merge", "\(folder)/a.hlog", "-o", "\(folder)/link"])
            #expect(link.code == 0)
            #expect(try String(contentsOfFile: "\(folder)/target", encoding: .utf8).hasPrefix("#["))
        }
    }

    @Test("a log with 2 tags is added up with a note, and --tag chooses one") func tagsAreNoted() async throws {
        try await withFolder { folder in
            let lines = HistogramLog(outcome(trip: 100_000)).text.split(separator: "\n")
            let tagged = lines.prefix(5) + ["Tag=up,\(lines[5])", "Tag=down,\(lines[6])"]
            try write("\u{feff}" + tagged.map { $0 + " \r\n" }.joined(), to: "\(folder)/a.hlog")
            let sum = try await Tool.run(["merge", "\(folder)/a.hlog"])
            #expect(sum.code == 0)
            #expect(sum.output.hasPrefix("count              1,000\n"))
            #expect(
                sum.error == "nitka: note: \(folder)/a.hlog has histograms of 2 tags (up, down): they are added up\n")
            let chosen = try await Tool.run(["merge", "\(folder)/a.hlog", "--tag", "down"])
            #expect(chosen.code == 0)
            #expect(chosen.output.hasPrefix("count                500\n"))
            #expect(chosen.error == "")
            let missing = try await Tool.run(["merge", "\(folder)/a.hlog", "--tag", "left"])
            #expect(missing.code == 2)
            #expect(
                missing.error == "nitka: \(folder)/a.hlog: there is no histogram with the tag left in it; "
                    + "its tags are up, down\n")
        }
    }

    @Test("merge without a log is wrong usage") func noLogIsWrongUsage() async throws {
        #expect(try await Tool.run(["merge"]).code == 64)
    }

    private func withLogs(_ body: (String) async throws -> Void) async throws {
        try await withFolder { folder in
            try write(HistogramLog(outcome(trip: 100_000)).text, to: "\(folder)/a.hlog")
            try write(HistogramLog(outcome(trip: 300_000, echoes: 2000)).text, to: "\(folder)/b.hlog")
            try await body(folder)
        }
    }
}
