// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaBench
internal import NitkaProbe

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare two reports of nitka bench, and say whether the second is worse.",
        discussion: """
            Each report is what nitka bench --json wrote. A limit is a figure and by how many percent it may get worse: a \
            time may grow so much, the rate may fall so much. The figures are rate, p50, p90, p99, p99.9, max, mean, and \
            the times with service_ before them, which count from when a message was sent.

            Examples:
              nitka compare before.json after.json
              nitka compare before.json after.json --max-regress p99=10%

            Exit code 0: no limit is crossed. 1: one is. 2: it could not be judged, since a file can't be read, is no \
            report of nitka bench, or is that of an invalid run.
            """)

    @Argument(help: "The report that is measured against; - for standard input.")
    var before: String

    @Argument(help: "The report that is judged; - for standard input.")
    var after: String

    @Option(
        help: ArgumentHelp("How much worse a figure may get; as often as wanted.", valueName: "figure=percent"),
        transform: Self.limit)
    var maxRegress: [RegressionLimit] = []

    func validate() throws {
        if before == "-", after == "-" { throw ValidationError("Only one of the two can be standard input.") }
    }

    func run() throws {
        let comparison = Comparison(before: try report(before), after: try report(after))
        if let obstacle = comparison.obstacle(names: (before, after)) {
            complain("\(EscapedText(obstacle, limit: 2000))")
            throw Exit.notJudged
        }
        for line in ComparisonTable(comparison).lines(unicode: TextStyle.isUnicode) { say(line) }
        let complaints = maxRegress.compactMap { $0.complaint(about: comparison) }
        for complaint in complaints { say("FAIL: \(complaint)") }
        if !complaints.isEmpty { throw Exit.notGood }
        if !maxRegress.isEmpty { say("PASS") }
    }

    private func report(_ path: String) throws -> BenchReport {
        do {
            return try BenchReport(json: TextFile.read(path))
        } catch let failure as TextFile.Failure {
            complain("\(failure)")
        } catch {
            complain("\(EscapedText(path)): \(EscapedText("\(error)"))")
        }
        throw Exit.notJudged
    }

    private static func limit(_ text: String) throws -> RegressionLimit {
        do {
            return try RegressionLimit(text)
        } catch {
            throw ValidationError("\(error)".prefix(1).uppercased() + "\(error)".dropFirst() + ".")
        }
    }
}
