// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem
internal import NitkaBench
internal import NitkaProbe

/// One bench from its first line to its verdict.
struct BenchSession {
    let endpoint: Endpoint
    let plan: BenchPlan
    let results: ResultOptions

    private var speaker: Speaker { results.speaker }

    /// Runs it, and returns the exit code.
    func run() throws -> Int32 {
        speaker.say("\(intent(plan)), \(endpoint)")
        let outcome = try Interruptible.run(endpoint, plan, speaker)
        return try conclude(outcome)
    }

    /// Looks for the highest rate at which the condition holds, and returns the exit code.
    func search(for condition: Gate) throws -> Int32 {
        var closed = plan
        closed.rate = nil
        speaker.say("looking for the highest rate with \(condition): \(intent(closed)), \(endpoint)")
        let first = try Interruptible.run(endpoint, closed, nil)
        if first.wasInterrupted { return ended() }
        let probe = BenchReport(first)
        speaker.say("closed loop  \(row(probe))")
        var search = MaxSearch(closedLoop: probe.echoesPerSecond)
        var best: BenchOutcome?
        while let rate = search.next, !Interruptible.wasInterrupted {
            var step = plan
            step.rate = rate
            let outcome = try Interruptible.run(endpoint, step, nil)
            if outcome.wasInterrupted { break }
            let report = BenchReport(outcome)
            let holds = report.valid && report.mismatches == 0 && condition.isMet(by: report)
            search.tried(rate, holds: holds)
            if holds, search.best == rate { best = outcome }
            speaker.say("\(padded("\(Int(rate))/s", 11))  \(row(report))  \(holds ? "holds" : why(report, condition))")
        }
        guard let best else {
            if Interruptible.wasInterrupted { return ended() }
            speaker.say("no rate was found at which \(condition) holds")
            return Exit.notGood.rawValue
        }
        speaker.say("")
        let code = try conclude(best)
        let rate = "\(Int(search.best ?? 0)) echoes a second"
        guard !Interruptible.wasInterrupted else {
            speaker.say("\(condition) held at \(rate)")
            return ended()
        }
        speaker.say("highest rate with \(condition): \(rate)")
        return code
    }

    private func ended() -> Int32 {
        speaker.say("the search was ended before it had found the highest rate")
        return Exit.notJudged.rawValue
    }

    /// Shows the results, writes them where they were asked for, and says what they come to.
    private func conclude(_ outcome: BenchOutcome) throws -> Int32 {
        let report = BenchReport(outcome)
        let isUnicode = TextStyle.isUnicode
        for line in ReportTable(report).lines(unicode: isUnicode) { speaker.say(line) }
        speaker.say("")
        for line in TextHistogram(outcome.latency).lines(unicode: isUnicode) { speaker.say(line) }
        let unwritten = results.write(outcome)
        let complaints = results.allGates.compactMap { $0.complaint(about: report) }
        for complaint in complaints { speaker.say("FAIL: \(complaint)") }
        for failure in unwritten { complain(failure) }
        if !unwritten.isEmpty { return Exit.notJudged.rawValue }
        if !complaints.isEmpty { return Exit.notGood.rawValue }
        return report.valid ? 0 : Exit.notJudged.rawValue
    }

    private func why(_ report: BenchReport, _ condition: Gate) -> String {
        report.invalidReasons.first ?? (report.mismatches > 0 ? "wrong bytes" : "does not hold")
    }

    private func row(_ report: BenchReport) -> String {
        let times = report.latency.map { "p50 \(shown(.microseconds($0.p50)))  p99 \(shown(.microseconds($0.p99)))" }
        return "\(padded("\(Int(report.echoesPerSecond)) echoes/s", 18))  \(times ?? "no echo")"
    }

    private func intent(_ plan: BenchPlan) -> String {
        let loop = plan.rate.map { "\(Int($0)) a second" } ?? "a closed loop"
        return "\(plan.mode.rawValue), \(plan.clients) clients, \(plan.size) bytes, \(loop), \(shown(plan.duration))"
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
