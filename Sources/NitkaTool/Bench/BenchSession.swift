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
        guard let first = try uninterrupted(closed) else { return interrupted(condition, best: nil) }
        let probe = BenchReport(first)
        output.line("\(row(probe))  closed loop")
        try checkResources(probe)
        var search = MaxSearch(closedLoop: probe.rate)
        var best: BenchOutcome?
        while let rate = search.next {
            let isRepetition = search.isRepeating
            var step = plan
            step.rate = rate
            guard let outcome = try uninterrupted(step) else { break }
            let report = BenchReport(outcome)
            try checkResources(report)
            let holds = report.valid && report.mismatches == 0 && condition.isMet(by: report)
            search.tried(rate, holds: holds)
            if holds { best = outcome }
            let verdict = holds ? "holds" : failure(of: report, condition)
            output.line("\(row(report))  \(verdict)\(isRepetition ? " (repeated)" : "")")
        }
        guard let best else {
            if InterruptibleBench.wasInterrupted { return interrupted(condition, best: nil) }
            output.line("found no rate at which \(condition) holds")
            return Exit.failure.rawValue
        }
        output.line("")
        let code = try conclude(best)
        if InterruptibleBench.wasInterrupted, search.next != nil {
            return interrupted(condition, best: BenchReport(best))
        }
        output.line("highest rate with \(condition): \(perSecond(BenchReport(best)))")
        return code
    }

    /// Runs a step; nil if a signal ended it, also while it connected.
    private func uninterrupted(_ step: BenchPlan) throws -> BenchOutcome? {
        do {
            let outcome = InterruptibleBench.wasInterrupted ? nil : try InterruptibleBench.run(endpoint, step, nil)
            return outcome.flatMap { $0.wasInterrupted ? nil : $0 }
        } catch {
            if InterruptibleBench.wasInterrupted { return nil }
            throw error
        }
    }

    /// A shortage on this machine would end the search at a rate that says nothing about the server.
    private func checkResources(_ report: BenchReport) throws {
        if report.ranShort { throw SearchObstacle(description: report.invalidReasons.joined(separator: "; ")) }
    }

    private struct SearchObstacle: Error, CustomStringConvertible {
        let description: String
    }

    /// Says what passed before the signal.
    private func interrupted(_ condition: Gate, best: BenchReport?) -> Int32 {
        let passed = best.map { "\(condition) held at \(perSecond($0))" } ?? "no rate had passed"
        output.line("interrupted before the highest rate was found: \(passed)")
        return Exit.notJudged.rawValue
    }

    private func perSecond(_ report: BenchReport) -> String { "\(Figures.rate(report.rate)) echoes per second" }

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

    private func failure(of report: BenchReport, _ condition: Gate) -> String {
        report.invalidReasons.first ?? (report.mismatches > 0 ? "wrong bytes" : condition.shortfall(of: report))
    }

    /// The rate is the achieved one, which may be less than the rate that the step asked for.
    private func row(_ report: BenchReport) -> String {
        let times = report.latency.map { "p50 \(shown(.microseconds($0.p50)))  p99 \(shown(.microseconds($0.p99)))" }
        return "\(padded("\(Figures.rate(report.rate))/s", 12))  \(times ?? "no echo")"
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
