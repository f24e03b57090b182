// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem
internal import NitkaBench
internal import NitkaProbe

/// Runs a load test or a search, prints its progress and result, and decides the exit code.
struct BenchSession {
    let endpoint: Endpoint
    let plan: BenchPlan
    let results: ResultOptions

    private var output: LineOutput { results.output }

    /// Runs the plan once, and returns the exit code.
    func run() throws -> Int32 {
        output.line("\(summary(of: plan)), \(endpoint)")
        let outcome = try InterruptibleBench.run(endpoint, plan, output)
        return try conclude(outcome)
    }

    /// Finds the highest rate at which the condition holds, and returns the exit code.
    func search(for condition: Gate) throws -> Int32 {
        var closed = plan
        closed.rate = nil
        output.line("finding the highest rate with \(condition): \(summary(of: closed)), \(endpoint)")
        let first = try InterruptibleBench.run(endpoint, closed, nil)
        if first.wasInterrupted { return interrupted() }
        let probe = BenchReport(first)
        output.line("closed loop  \(row(probe))")
        var search = MaxSearch(closedLoop: probe.echoesPerSecond)
        var best: BenchOutcome?
        while let rate = search.next, !InterruptibleBench.wasInterrupted {
            var step = plan
            step.rate = rate
            let outcome = try InterruptibleBench.run(endpoint, step, nil)
            if outcome.wasInterrupted { break }
            let report = BenchReport(outcome)
            let holds = report.valid && report.mismatches == 0 && condition.isMet(by: report)
            search.tried(rate, holds: holds)
            if holds, search.best == rate { best = outcome }
            output.line("\(padded("\(Int(rate))/s", 11))  \(row(report))  \(holds ? "holds" : failure(of: report))")
        }
        guard let best else {
            if InterruptibleBench.wasInterrupted { return interrupted() }
            output.line("found no rate at which \(condition) holds")
            return Exit.failure.rawValue
        }
        output.line("")
        let code = try conclude(best)
        let rate = "\(Int(search.best ?? 0)) echoes per second"
        guard !InterruptibleBench.wasInterrupted else {
            output.line("\(condition) held at \(rate)")
            return interrupted()
        }
        output.line("highest rate with \(condition): \(rate)")
        return code
    }

    private func interrupted() -> Int32 {
        output.line("the search was interrupted before it found the highest rate")
        return Exit.notJudged.rawValue
    }

    /// Prints the result, writes the reports, and returns the exit code.
    private func conclude(_ outcome: BenchOutcome) throws -> Int32 {
        let report = BenchReport(outcome)
        let isUnicode = TextStyle.isUnicode
        for line in ReportTable(report).lines(unicode: isUnicode) { output.line(line) }
        output.line("")
        for line in TextHistogram(outcome.latency).lines(unicode: isUnicode) { output.line(line) }
        let unwritten = results.write(outcome)
        let violations = results.gates(for: report).compactMap { $0.complaint(about: report) }
        for violation in violations { output.line("FAIL: \(violation)") }
        for failure in unwritten { printError(failure) }
        if !unwritten.isEmpty { return Exit.notJudged.rawValue }
        if !violations.isEmpty { return Exit.failure.rawValue }
        return report.valid ? 0 : Exit.notJudged.rawValue
    }

    private func failure(of report: BenchReport) -> String {
        report.invalidReasons.first ?? (report.mismatches > 0 ? "wrong bytes" : "does not hold")
    }

    private func row(_ report: BenchReport) -> String {
        let times = report.latency.map { "p50 \(shown(.microseconds($0.p50)))  p99 \(shown(.microseconds($0.p99)))" }
        return "\(padded("\(Int(report.echoesPerSecond)) echoes/s", 18))  \(times ?? "no echo")"
    }

    private func summary(of plan: BenchPlan) -> String {
        let loop = plan.rate.map { "\(Int($0)) per second" } ?? "a closed loop"
        let clients = plan.clients.counted("client")
        return "\(plan.mode.rawValue), \(clients), \(plan.size.counted("byte")), \(loop), \(shown(plan.duration))"
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
