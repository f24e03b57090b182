// SPDX-License-Identifier: Apache-2.0

import NitkaBench
import NitkaProbe
import Testing

@Suite struct CompareTests {
    @Test("an exceeded limit exits with 1, and only that limit is named") func exceededLimitIsNamed() async throws {
        try await withReports(before: outcome(trip: 100_000), after: outcome(trip: 200_000)) { before, after in
            let ending = try await Tool.run([
                "compare", before, after, "--max-regress", "p50=5%", "--max-regress", "rate=5%",
                "--max-regress", "max=50%",
            ])
            #expect(ending.code == 1)
            #expect(ending.error == "")
            let lines = ending.output.split(separator: "\n")
            #expect(lines.first == "                        before         after        change")
            #expect(lines.last == "FAIL: p50 rose by 7.49 % (limit 5 %)")
        }
    }

    @Test("without limits, compare prints the table and no verdict") func noLimitsNoVerdict() async throws {
        try await withReports(before: outcome(trip: 100_000), after: outcome(trip: 200_000)) { before, after in
            let ending = try await Tool.run(["compare", before, after])
            #expect(ending.code == 0)
            #expect(ending.output.contains("\np50 "))
            #expect(!ending.output.contains("PASS") && !ending.output.contains("FAIL"))
        }
    }

    @Test("the report of an invalid run exits with 2") func invalidRunsAreNotJudged() async throws {
        var invalid = outcome(trip: 100_000)
        invalid.invalidReasons = ["the rate was missed by 7 %\u{1b}[31m"]
        try await withReports(before: outcome(trip: 100_000), after: invalid) { before, after in
            let ending = try await Tool.run(["compare", before, after, "--max-regress", "p99=10%"])
            #expect(ending.code == 2)
            #expect(ending.output == "")
            #expect(
                ending.error
                    == "nitka: \(after) is the report of an invalid run: the rate was missed by 7 %\\u{1b}[31m\n")
        }
    }

    @Test("a file that is missing or not a report exits with 2") func otherFilesAreNotJudged() async throws {
        try await withFolder { folder in
            let good = "\(folder)/good.json"
            try write(BenchReport(outcome(trip: 1000)).json(), to: good)
            try write("{}", to: "\(folder)/other.json")
            for (name, reason) in [
                ("none.json", "nitka: read \(folder)/none.json: no such file or directory\n"),
                ("", "nitka: read \(folder)/: it is a directory, or can't be opened\n"),
                ("other.json", "nitka: \(folder)/other.json: it is not a report of nitka bench\n"),
            ] {
                let ending = try await Tool.run(["compare", good, "\(folder)/\(name)"])
                #expect(ending.code == 2)
                #expect(ending.error == reason)
            }
        }
    }

    @Test(
        "a malformed limit is wrong usage",
        arguments: ["p99", "p99=10", "errors=1%", "p99=-1%", "p99=1e1%", "speed=1%"])
    func malformedLimitsAreWrongUsage(limit: String) async throws {
        let ending = try await Tool.run(["compare", "a", "b", "--max-regress", limit])
        #expect(ending.code == 64)
        #expect(ending.error.contains("Write a name, =, and how much worse it may become in percent, such as p99=10%"))
    }

    @Test("compare reads a report from standard input") func readsStandardInput() async throws {
        try await withReports(before: outcome(trip: 100_000), after: outcome(trip: 100_000)) { before, _ in
            let text = BenchReport(outcome(trip: 100_000)).json()
            let ending = try await Tool.run(
                ["compare", before, "-", "--max-regress", "p99=0%"], input: Array(text.utf8))
            #expect(ending.code == 0)
            #expect(ending.output.hasSuffix("\nPASS\n"))
        }
    }

    private func withReports(
        before: BenchOutcome, after: BenchOutcome, _ body: (String, String) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            try write(BenchReport(before).json(), to: "\(folder)/before.json")
            try write(BenchReport(after).json(), to: "\(folder)/after.json")
            try await body("\(folder)/before.json", "\(folder)/after.json")
        }
    }
}
