// SPDX-License-Identifier: Apache-2.0

@testable import NitkaBench

internal import Histogram

/// Conditions (`p99>5ms`) and limits (`p99=10%`): an accepted text prints as itself, and the verdicts agree.
func fuzzGates(_ bytes: [UInt8]) {
    let input = text(of: bytes)
    do throws(ReportError) {
        let gate = try Gate(input)
        expect(gate.description == input, "\(input) prints as \(gate)")
        expectHarmless(gate.description, atMost: 60)
        expect(gate.limit.isFinite && gate.limit >= 0, "\(input) has the limit \(gate.limit)")
        expect((try? Gate(gate.description)) == gate, "\(gate) parses to another gate")
        for report in sampleReports { judge(gate, report) }
    } catch {
        expectHarmless(error.description, atMost: 300)
    }
    guard let limit = try? RegressionLimit(input) else { return }
    expect(limit.description == input && (0..<1e9).contains(limit.percent), "\(input) allows \(limit.percent) %")
    expect((try? RegressionLimit(limit.description)) == limit, "\(limit) parses to another limit")
    for before in sampleReports {
        for after in sampleReports { judge(limit, Comparison(before: before, after: after)) }
    }
}

func judge(_ gate: Gate, _ report: BenchReport) {
    let complaint = gate.complaint(about: report)
    expect((complaint != nil) == gate.isCrossed(by: report), "\(gate): a crossed gate and its complaint disagree")
    expect(!gate.isMet(by: report) || gate.isCrossed(by: report), "\(gate) is met, but not crossed")
    if let complaint { expectHarmless(complaint, atMost: 300) }
    let turned = String(gate.description.map { $0 == ">" ? "<" : $0 == "<" ? ">" : $0 })
    if let opposite = try? Gate(turned) {
        expect(!gate.isMet(by: report) || !opposite.isMet(by: report), "\(gate) and \(turned) are both met")
    }
}

func judge(_ limit: RegressionLimit, _ comparison: Comparison) {
    guard let complaint = limit.complaint(about: comparison) else { return }
    expectHarmless(complaint, atMost: 300)
    let isUnknown = complaint.hasSuffix("is unknown in one of the reports")
    expect(isUnknown || comparison.before != comparison.after, "a report is worse than itself: \(complaint)")
}

/// An ordinary run, a run without an echo, and a run with extreme figures.
let sampleReports: [BenchReport] = {
    var outcome = BenchOutcome(plan: BenchPlan(), address: "127.0.0.1:7007", began: "2026-11-27T10:00:00Z")
    let silent = BenchReport(outcome)
    outcome.duration = .seconds(10)
    outcome.echoes = 1000
    outcome.errors = ["timed out": 1]
    for time in 1...1000 { outcome.latency.record(UInt64(time * 5000)) }
    outcome.service = outcome.latency
    let ordinary = BenchReport(outcome)
    var extreme = ordinary
    extreme.echoes = 1
    extreme.errors = .max
    extreme.mismatches = .max
    extreme.echoesPerSecond = 1e300
    extreme.latency?.p99 = -1e300
    return [silent, ordinary, extreme]
}()
