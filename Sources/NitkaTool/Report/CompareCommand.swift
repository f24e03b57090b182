// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaBench
internal import NitkaProbe

struct CompareCommand: OutputIsResult {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare two reports of nitka bench, and fail if a metric became worse than allowed.",
        discussion: """
            Each report is a file from 'nitka bench --json'. A limit, such as p99=10%, is a metric and the percentage \
            by which the time may rise or the rate may fall. Metrics: rate, p50, p90, p99, p99.9, max, mean, and the \
            same times with the prefix service_, which count from the moment when a message was sent.

            Examples:
              nitka compare before.json after.json
              nitka compare before.json after.json --max-regress p99=10%

            Exit codes: 0 within every limit; 1 a limit is exceeded; 2 the reports could not be compared: a file can't \
            be read, is not a report of nitka bench, or reports an invalid run; 64 wrong usage.
            """)

    @Argument(help: "The baseline report; - for standard input.")
    var before: String

    @Argument(help: "The report to judge; - for standard input.")
    var after: String

    @Option(
        help: ArgumentHelp(
            "How much worse a metric may become, in percent, such as p99=10%. Repeatable. (default: no limit)",
            valueName: "metric=percent"),
        transform: Self.limit)
    var maxRegress: [RegressionLimit] = []

    func validate() throws {
        if before == "-", after == "-" { throw ValidationError("Only one of the two reports can be standard input.") }
    }

    func run() throws {
        let comparison = Comparison(before: try report(before), after: try report(after))
        if let reason = comparison.obstacle(names: (before, after)) {
            printError("\(EscapedText(reason, limit: 2000))")
            throw Exit.notJudged
        }
        for line in ComparisonTable(comparison).lines(unicode: TextStyle.isUnicode) { printLine(line) }
        let violations = maxRegress.compactMap { $0.complaint(about: comparison) }
        for violation in violations { printLine("FAIL: \(violation)") }
        if !violations.isEmpty { throw Exit.failure }
        if !maxRegress.isEmpty { printLine("PASS") }
    }

    private func report(_ path: String) throws -> BenchReport {
        do {
            return try BenchReport(json: TextFile.read(path))
        } catch let failure as TextFile.Failure {
            printError("\(failure)")
        } catch {
            printError("\(EscapedText(path)): \(EscapedText("\(error)"))")
        }
        throw Exit.notJudged
    }

    private static func limit(_ text: String) throws -> RegressionLimit {
        do {
            return try RegressionLimit(text)
        } catch {
            throw ValidationError(sentence("\(error)"))
        }
    }
}
