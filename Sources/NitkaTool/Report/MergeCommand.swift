// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaBench
internal import NitkaProbe

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Add the histogram logs of several runs into one, and say its percentiles.",
        discussion: """
            Each log is what nitka bench --hlog wrote, on one machine of many, or one after another. Percentiles can't be \
            averaged; histograms can be added, and nothing is lost. In the log that is written, intervals that began in \
            the same second are one.

            Examples:
              nitka merge a.hlog b.hlog
              nitka merge a.hlog b.hlog --output all.hlog

            Exit code 0, or 2 when a file can't be read or written, or is no such log.
            """)

    @Argument(help: "The logs; - for standard input.")
    var logs: [String]

    @Option(name: .shortAndLong, help: "Where the merged log goes; - for standard output, without the table.")
    var output: String?

    func run() throws {
        let merged = HistogramLog(merging: try logs.map(log))
        if output != "-" { show(merged) }
        guard let output else { return }
        do {
            try TextFile.write(merged.text, to: output)
        } catch {
            complain("\(error)")
            throw Exit.notJudged
        }
    }

    private func show(_ log: HistogramLog) {
        let total = log.total
        let unicode = TextStyle.isUnicode
        guard let summary = TimeSummary(total) else { return say("nothing was recorded") }
        for line in TimesSummaryTable(summary).lines(unicode: unicode) { say(line) }
        say("")
        for line in TextHistogram(total).lines(unicode: unicode) { say(line) }
    }

    private func log(_ path: String) throws -> HistogramLog {
        do {
            return try HistogramLog(reading: TextFile.read(path))
        } catch let failure as TextFile.Failure {
            complain("\(failure)")
        } catch let error as ReportError {
            let place = error.description.hasPrefix("line ") ? ", " : ": "
            complain("\(EscapedText(path))\(place)\(EscapedText(error.description))")
        }
        throw Exit.notJudged
    }
}
