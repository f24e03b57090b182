// SPDX-License-Identifier: Apache-2.0

@testable import Nitka
@testable import NitkaCheck

internal import FoundationEssentials

/// The reports of a check whose findings contain text from a server or a resolver: each format stays well-formed.
func fuzzCheckReports(_ bytes: [UInt8]) {
    var input = InputReader(bytes)
    let shape = input.byte()
    let found = report(shape, finding: String(decoding: input.rest, as: UTF8.self))
    // 1 format for each input, because a report is long.
    switch bytes.count % 4 {
    case 0: for line in CheckTable(found).lines(width: 40 + shape) { expectHarmless(line, atMost: 5000) }
    case 1: checkNagios(found.nagiosLine())
    case 2: checkJUnit(found.junit(), plain: report(shape, finding: "a finding").junit())
    default: checkJSON(of: found)
    }
}

private func checkNagios(_ line: String) {
    expectHarmless(line, atMost: 6000)
    expect(line.utf8.count { $0 == UInt8(ascii: "|") } == 1, "performance data begins twice: \(line)")
}

/// - Parameter plain: the text for a finding without special characters.
private func checkJUnit(_ junit: String, plain: String) {
    for line in junit.split(separator: "\n") { expectHarmless(String(line), atMost: 15_000) }
    for mark in "<>\"".utf8 {
        let counts = [junit, plain].map { text in text.utf8.count { $0 == mark } }
        expect(counts[0] == counts[1], "a finding is read as markup: \(junit)")
    }
}

private func checkJSON(of report: CheckReport) {
    let text = report.json()
    // A finding is whole in JSON, so that its length is that of the input.
    for line in text.split(separator: "\n") { expectHarmless(String(line), atMost: 100_000) }
    let json = succeeds("JSON") { try JSONDecoder().decode(Document.self, from: Data(text.utf8)) }
    expect(json.stages.map(\.stage) == report.stages.map(\.stage.rawValue), "other stages in \(text)")
    expect(json.stages.map(\.finding) == report.stages.map(\.finding), "other findings in \(text)")
}

private struct Document: Decodable {
    struct Stage: Decodable {
        let stage: String
        let finding: String
    }
    let stages: [Stage]
}

/// Each bit of `shape` decides about 1 stage: failed, or skipped; the others passed.
private func report(_ shape: Int, finding: String) -> CheckReport {
    var report = CheckReport(of: EchoCheck(succeeds("an address") { try Endpoint("127.0.0.1:7007") }))
    report.stages = CheckStage.allCases.enumerated().map { index, stage in
        let isFailed = shape >> index & 1 == 1
        let isSkipped = !isFailed && shape >> (index + 1) & 1 == 1
        return StageReport(
            stage: stage, outcome: isFailed ? .failed : isSkipped ? .skipped : .passed,
            reason: isFailed ? .lost : isSkipped ? .notReached : nil, finding: finding, duration: .milliseconds(index))
    }
    return report
}
