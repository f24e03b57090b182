// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

@testable import NitkaCheck

@Suite("Check: output") struct CheckOutputTests {
    private func report(_ stages: [StageReport]) throws -> CheckReport {
        var settings = EchoCheck.Settings()
        settings.seed = 5
        var report = CheckReport(of: try EchoCheck("127.0.0.1:7007", settings))
        report.stages = stages
        report.duration = .milliseconds(1500)
        return report
    }

    private func passed(_ stage: CheckStage) -> StageReport {
        StageReport(
            stage: stage, outcome: .passed, reason: nil, finding: "fine & dandy | \u{1b}[31m",
            duration: .microseconds(830))
    }

    private func failed(_ stage: CheckStage, _ reason: CheckReason) -> StageReport {
        let finding = "client 7, offset 4096: 512 bytes of client 3, which is <worse> than it looks"
        return StageReport(stage: stage, outcome: .failed, reason: reason, finding: finding, duration: .seconds(2))
    }

    private func skipped(_ stage: CheckStage) -> StageReport {
        StageReport(stage: stage, outcome: .skipped, reason: .notAsked, finding: "not asked for", duration: .zero)
    }

    @Test("the table fits the width and ends with the verdict")
    func tableFitsAndEndsWithVerdict() throws {
        let report = try report([
            passed(.connect), failed(.crossTalk, .foreign), skipped(.idle), skipped(.close),
        ])
        #expect(
            CheckTable(report).lines() == [
                #"PASS  connect        830 µs  fine & dandy | \u{1b}[31m"#,
                "FAIL  cross-talk        2 s  foreign: client 7, offset 4096: 512 bytes of client",
                "                             3, which is <worse> than it looks",
                "SKIP  idle … close           not asked for",
                "FAIL: cross-talk: client 7, offset 4096: 512 bytes of client 3, which is <worse>",
                "  than it looks",
            ])
    }

    @Test("a narrow table has the findings below their stages")
    func narrowTablePutsFindingsBelowStages() throws {
        let report = try report([passed(.connect), failed(.crossTalk, .foreign), skipped(.idle), skipped(.close)])
        #expect(
            CheckTable(report).lines(width: 39) == [
                "PASS  connect        830 µs",
                #"      fine & dandy | \u{1b}[31m"#,
                "FAIL  cross-talk        2 s",
                "      foreign: client 7, offset 4096:",
                "      512 bytes of client 3, which is",
                "      <worse> than it looks",
                "SKIP  idle … close",
                "      not asked for",
                "FAIL: cross-talk: client 7, offset",
                "  4096: 512 bytes of client 3, which is",
                "  <worse> than it looks",
            ])
    }

    @Test("rows are complete one by one, and consecutive skipped stages share a row")
    func rowsAreCompleteOneByOne() throws {
        var rows = CheckRows()
        #expect(rows.add(passed(.resolve)).count == 1)
        #expect(rows.add(skipped(.idle)).isEmpty)
        #expect(rows.add(skipped(.close)).isEmpty)
        #expect(rows.end() == ["SKIP  idle … close           not asked for"])
        #expect(rows.end().isEmpty)
    }

    private func leftOut(_ reason: CheckReason) -> StageReport {
        StageReport(stage: .close, outcome: .skipped, reason: reason, finding: "left out", duration: .zero)
    }

    @Test(
        "a stage that was left out leaves no verdict, unless another stage failed",
        arguments: [CheckReason.interrupted, .cancelled, .noThread, .noResources])
    func leftOutStageLeavesNoVerdict(reason: CheckReason) throws {
        #expect(try report([passed(.echo), leftOut(reason)]).verdict == .notJudged)
        #expect(try report([failed(.echo, .lost), leftOut(reason)]).verdict == .failed)
        #expect(try report([failed(.connect, .refused), leftOut(reason)]).verdict == .notJudged)
        #expect(CheckTable(try report([passed(.echo), leftOut(reason)])).verdict == "could not be judged: left out")
    }

    @Test("the verdict follows from the stages")
    func verdictFollowsFromStages() throws {
        #expect(try report([passed(.resolve), skipped(.idle)]).verdict == .passed)
        #expect(try report([passed(.resolve), failed(.echo, .lost)]).verdict == .failed)
        #expect(try report([passed(.resolve), failed(.connect, .refused)]).verdict == .notJudged)
        #expect(try report([passed(.resolve), failed(.connect, .notBlocked)]).verdict == .failed)
        #expect(try report([failed(.resolve, .notFound)]).verdict == .notJudged)
    }

    @Test("the JSON has the documented keys")
    func jsonHasDocumentedKeys() throws {
        #expect(
            try report([failed(.close, .resetOnClose), passed(.echo)]).json() == #"""
                {
                  "address" : "127.0.0.1:7007",
                  "addresses" : [

                  ],
                  "checked_address" : null,
                  "clients" : 8,
                  "duration_s" : 1.5,
                  "format" : "nitka-check",
                  "seed" : 5,
                  "stages" : [
                    {
                      "duration_s" : 2,
                      "finding" : "client 7, offset 4096: 512 bytes of client 3, which is <worse> than it looks",
                      "outcome" : "fail",
                      "reason" : "reset-on-close",
                      "slowest_connect_s" : null,
                      "stage" : "close"
                    },
                    {
                      "duration_s" : 0.00083,
                      "finding" : "fine & dandy | \u001b[31m",
                      "outcome" : "pass",
                      "reason" : null,
                      "slowest_connect_s" : null,
                      "stage" : "echo"
                    }
                  ],
                  "verdict" : "failed",
                  "version" : 1
                }

                """#)
    }

    /// GitLab shows the text of a failure, and groups by class name.
    @Test("the JUnit XML has the finding as text, the address in the class name, and a timestamp")
    func xmlHasFindingAddressAndTimestamp() throws {
        var report = try report([failed(.close, .lost), passed(.echo), skipped(.idle)])
        report.began = "2026-11-27T11:00:00.250Z"
        #expect(
            report.junit() == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites>
                  <testsuite name="nitka check 127.0.0.1:7007" tests="3" failures="1" errors="0" skipped="1" time="1.5" \
                timestamp="2026-11-27T11:00:00.250Z">
                    <testcase classname="nitka check 127.0.0.1:7007" name="close" time="2"><failure type="lost" \
                message="client 7, offset 4096: 512 bytes of client 3, which is &lt;worse&gt; than it looks">lost: client 7, \
                offset 4096: 512 bytes of client 3, which is &lt;worse&gt; than it looks</failure></testcase>
                    <testcase classname="nitka check 127.0.0.1:7007" name="echo" time="0.00083"/>
                    <testcase classname="nitka check 127.0.0.1:7007" name="idle" time="0"><skipped \
                message="not-asked: not asked for">not-asked: not asked for</skipped></testcase>
                  </testsuite>
                </testsuites>

                """)
    }

    @Test("the timestamp of a report is the moment when the check began")
    func timestampIsTheBeginning() throws {
        let before = WallClock.text
        let began = try report([]).began
        #expect(before <= began && began <= WallClock.text)
    }

    @Test("the JUnit XML is escaped")
    func xmlIsEscaped() throws {
        let xml = try report([failed(.close, .lost), passed(.echo), skipped(.idle)]).junit()
        #expect(
            xml.contains(
                #"<testsuite name="nitka check 127.0.0.1:7007" tests="3" failures="1" errors="0" skipped="1" "#))
        #expect(
            xml.contains(#"<failure type="lost" message="client 7, offset 4096: 512 bytes of client 3, which is &lt;"#))
        #expect(xml.contains(#"<skipped message="not-asked: not asked for">not-asked: not asked for</skipped>"#))
        #expect(xml.unicodeScalars.allSatisfy { $0.value >= 32 || $0 == "\n" })
    }

    @Test("the line for Nagios has one vertical bar, and the exit code is that of a Nagios plugin")
    func nagiosLineHasOneBar() throws {
        let good = try report([passed(.resolve), passed(.echo), skipped(.idle)])
        #expect(
            good.nagiosLine()
                == "ECHO OK - PASS: resolve, echo | time=1.5s;;;0 resolve=0.00083s;;;0 echo=0.00083s;;;0")
        #expect(good.nagiosCode == 0)
        for mark in ["", "\u{301}"] {
            let barred = StageReport(
                stage: .echo, outcome: .failed, reason: .unsent, finding: "a |\(mark) b", duration: .seconds(2))
            #expect(
                try report([barred]).nagiosLine()
                    == "ECHO CRITICAL - FAIL: echo: a /\(mark) b | time=1.5s;;;0 echo=2s;;;0")
        }
        #expect(try report([failed(.connect, .refused)]).nagiosCode == 2)
        #expect(try report([failed(.resolve, .notFound)]).nagiosCode == 3)
    }

    @Test("the verdict counts clients and failures in the singular or plural")
    func countsAreSingularOrPlural() throws {
        func verdict(_ stages: [StageReport], clients: Int = 8) throws -> String {
            var settings = EchoCheck.Settings()
            settings.clients = clients
            var report = CheckReport(of: try EchoCheck("127.0.0.1:7007", settings))
            report.stages = stages
            return CheckTable(report).verdict
        }
        let good = [passed(.together), passed(.crossTalk)]
        #expect(try verdict(good, clients: 1) == "PASS: 1 client was served, with its own bytes")
        #expect(try verdict(good) == "PASS: 8 clients were served at the same time, each with its own bytes")
        let bad = [failed(.echo, .lost), failed(.close, .noEnd), failed(.integrity, .lost)]
        #expect(try verdict(Array(bad.prefix(2))).hasSuffix("; 1 other stage failed"))
        #expect(try verdict(bad).hasSuffix("; 2 other stages failed"))
    }
}
