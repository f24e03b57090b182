// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import NitkaSystem
internal import NitkaBench
internal import NitkaProbe

/// Where the results go, and by what they are judged, as options.
struct ResultOptions: ParsableArguments {
    @Option(help: "Write the report as JSON; - for standard output.", completion: .file(extensions: ["json"]))
    var json: String?

    @Option(
        help: "Write the latencies, second by second, as a standard HdrHistogram log.",
        completion: .file(extensions: ["hlog"]))
    var hlog: String?

    @Option(help: "Write the report as one page for a browser.", completion: .file(extensions: ["html"]))
    var html: String?

    @Option(
        name: .customLong("fail-if"),
        help: """
            Exit 1 when this is so, as 'p99>5ms', 'errors>0.1%' or 'rate<50k'; as often as wanted. \
            (default: 'errors>0' and 'mismatches>0')
            """,
        transform: gate)
    var gates: [Gate] = []

    /// Who speaks of what happens: on standard error where standard output is a file's.
    var speaker: Speaker { Speaker(stream: [json, hlog, html].contains("-") ? .error : .output) }

    func check() throws {
        let paths = [json, hlog, html].compactMap { $0 }
        if Set(paths).count < paths.count {
            throw ValidationError(
                "--json, --hlog and --html go to a place each; only one of them can be standard output.")
        }
        if paths.contains("") { throw ValidationError("A file has a name, or is - for standard output.") }
    }

    /// The gates that were asked for, and those that nobody would want to do without.
    var allGates: [Gate] {
        let always = ["errors>0", "mismatches>0"].compactMap { try? Gate($0) }
        return gates + always.filter { gate in !gates.contains { $0.metric == gate.metric } }
    }

    /// Writes what was asked for; one file that can't be written keeps none of the others from it.
    ///
    /// - Returns: what could not be written, a sentence each.
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

    @Sendable static func gate(_ text: String) throws -> Gate {
        do {
            return try Gate(text)
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

/// Lines for people, and on a terminal one that is written anew.
struct Speaker: Sendable {
    let stream: StandardStream

    var isTerminal: Bool { stream.isTerminal }

    func say(_ text: String) { write(text + "\n") }

    /// Replaces the line that was shown last by as much of this one as fits; on a terminal alone.
    func show(_ text: String) {
        // One that went on in the next row would be replaced in part.
        write("\r\u{1b}[K" + text.prefix(width))
    }

    /// What stands in the last column makes some terminals begin a row.
    var width: Int { stream.columns.map { max(20, $0 - 1) } ?? 80 }

    private func write(_ text: String) { try? stream.write(text) }
}
