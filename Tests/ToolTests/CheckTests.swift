// SPDX-License-Identifier: Apache-2.0

import Subprocess
import Testing

@Suite struct CheckTests {
    @Test("a server with a concurrent model passes", arguments: ["threads", "tasks"]) func concurrentModelsPass(
        model: String
    ) async throws {
        let ending = try await Tool.run(["check", "--model", model, "--timeout", "20s"])
        #expect(ending.code == 0)
        #expect(ending.output.contains("8 of 8 served at once"))
        #expect(
            ending.output.hasSuffix("PASS: 8 clients were served at the same time, each with its own bytes\n"))
    }

    @Test("a server with the iterative model fails, and the verdict names the reason") func iterativeModelFails()
        async throws
    {
        let ending = try await Tool.run(["check", "--model", "iterative", "--timeout", "1s"])
        #expect(ending.code == 1)
        #expect(ending.output.contains("waits-for-others: 1 of 8 served at once"))
        #expect(ending.output.contains("FAIL: clients wait for one another"))
    }

    @Test("a refused connection exits with 2 and skips the other stages") func refusedConnectionIsNotJudged()
        async throws
    {
        let ending = try await Tool.run(["check", "127.0.0.1:1"])
        #expect(ending.code == 2)
        #expect(ending.output.hasSuffix("could not be judged: connect to 127.0.0.1:1: connection refused\n"))
        let lines = ending.output.split(separator: "\n")
        #expect(lines[1].hasPrefix("FAIL  connect"))
        #expect(lines[2].hasPrefix("SKIP  echo "))
    }

    @Test("--nagios prints one line and exits with the codes of Nagios") func nagiosExitCodes() async throws {
        let ending = try await Tool.run(["check", "127.0.0.1:1", "--nagios"])
        #expect(ending.code == 2)
        #expect(ending.output.hasPrefix("ECHO CRITICAL - could not be judged: connect to 127.0.0.1:1: "))
    }

    @Test(
        "unknown stages are wrong usage, and the message lists the stages",
        arguments: [",", "foo", "echo,", "echo;close", "Echo", "\u{1b}[31m"])
    func unknownStagesAreWrongUsage(value: String) async throws {
        for option in ["--only", "--skip"] {
            let ending = try await Tool.run(["check", "\(option)=\(value)"])
            #expect(ending.code == 64)
            #expect(ending.error.contains("The stages are resolve, connect, echo"))
            #expect(!ending.error.contains("\u{1b}"))
        }
    }

    @Test(
        "contradictory or malformed options of check are wrong usage",
        arguments: [
            ["--skip", "connect"], ["--expect", "refused"], ["--json", "--nagios"],
            ["127.0.0.1:7", "--model", "tasks"],
            ["--bulk", "0"], ["--bulk", "8MB"], ["--idle", "0s"], ["--repeat", "0"], ["--seed", "-1"],
            ["--expect", "maybe", "127.0.0.1:7"],
        ])
    func contradictionsAreWrongUsage(arguments: [String]) async throws {
        #expect(try await Tool.run(["check"] + arguments).code == 64)
    }

    @Test("a report file that cannot be written exits with 2 and prints one sentence")
    func unwritableFileIsOneSentence() async throws {
        let ending = try await Tool.run(["check", "--only", "echo", "--junit", "/no/such/folder/report.xml"])
        #expect(ending.code == 2)
        #expect(ending.error == "nitka: write /no/such/folder/report.xml: no such file or directory\n")
    }

    /// Readers of JUnit reports are XML parsers.
    @Test("an XML parser reads the JUnit report", .enabled(if: Peer.has("python3"), "no python3 to parse XML with"))
    func junitReportIsXML() async throws {
        let script = """
            import sys, xml.etree.ElementTree as tree
            suite = tree.parse(sys.stdin).getroot().find("testsuite")
            print(suite.get("tests"), suite.get("failures"), suite.get("skipped"))
            print([case.get("name") for case in suite if case.find("failure") is not None])
            """
        let report = try await Tool.run(["check", "127.0.0.1:1", "--nagios", "--junit", "-"])
        let xml = report.output.split(separator: "\n").dropFirst().joined(separator: "\n")
        let python = try await Subprocess.run(
            .name("python3"), arguments: ["-c", script], input: .string(xml), output: .string(limit: 4096))
        #expect(python.standardOutput == "9 1 7\n['connect']\n")
    }
}
