// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import NitkaSystem
internal import NitkaBench
internal import NitkaProbe

/// The options of `nitka bench` for its reports and its verdict.
struct ResultOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Write the report as JSON to this file; - for standard output.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var json: String?

    @Option(
        help: ArgumentHelp(
            "Write an HdrHistogram log of the latencies, 1 line per second, to this file; - for standard output.",
            valueName: "file"),
        completion: .file(extensions: ["hlog"]))
    var hlog: String?

    @Option(
        help: ArgumentHelp("Write the report as an HTML page to this file; - for standard output.", valueName: "file"),
        completion: .file(extensions: ["html"]))
    var html: String?

    @Option(
        name: .customLong("fail-if"),
        help: ArgumentHelp(
            """
            Set a gate, such as 'p99>5ms', 'errors>0.1%' or 'rate<50k': exit with 1 if it is true. Repeatable. \
            (default: 'errors>0' and 'mismatches>0')
            """, valueName: "condition"),
        transform: gate)
    var gates: [Gate] = []

    /// Where progress and results are printed: standard error if a report goes to standard output.
    var output: LineOutput { LineOutput(stream: [json, hlog, html].contains("-") ? .error : .output) }

    func check() throws {
        let paths = [json, hlog, html].compactMap { $0 }
        if Set(paths).count < paths.count {
            throw ValidationError(
                "--json, --hlog and --html need different files; only one can be standard output.")
        }
        if paths.contains("") { throw ValidationError("A file name must not be empty; - is standard output.") }
    }

    /// The gates of `--fail-if`, and a default gate for errors and for mismatches unless `--fail-if` names that metric.
    var allGates: [Gate] {
        let defaults = ["errors>0", "mismatches>0"].compactMap { try? Gate($0) }
        return gates + defaults.filter { gate in !gates.contains { $0.metric == gate.metric } }
    }

    /// The gates that can judge a run. After a shortage on this machine, only wrong bytes are certainly the server's fault.
    func gates(for report: BenchReport) -> [Gate] {
        report.ranShort ? allGates.filter { $0.metric.name == "mismatches" } : allGates
    }

    /// Writes every report. A failed file does not keep the others from being written.
    ///
    /// - Returns: one sentence per failed file.
    func write(_ outcome: BenchOutcome) -> [String] {
        var failures: [String] = []
        func write(_ path: String?, _ text: () -> String) {
            guard let path else { return }
            do throws(TextFile.Failure) {
                try TextFile.write(text(), to: path)
            } catch {
                failures.append(error.description)
            }
        }
        write(json) { BenchReport(outcome).json() }
        write(hlog) { HistogramLog(outcome).text }
        write(html) { ReportPage(outcome).html }
        return failures
    }

    /// The condition of `--find-max`.
    @Sendable static func searchCondition(_ text: String) throws -> Gate {
        do {
            return try Gate(searchCondition: text)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    @Sendable static func gate(_ text: String) throws -> Gate {
        do {
            return try Gate(text)
        } catch {
            throw ValidationError("\(error)")
        }
    }
}
