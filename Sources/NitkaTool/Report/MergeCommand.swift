// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaBench
internal import NitkaProbe

struct MergeCommand: OutputIsResult {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Merge the histogram logs of several runs, and print the percentiles of all.",
        discussion: """
            Each log is a file from 'nitka bench --hlog', for example of one of several machines. The percentiles of \
            the merged log are those of all messages; a mean of percentiles would be wrong. Intervals that began in \
            the same second become one interval. If a log has several tags, \
            'merge' adds them up and says so; --tag chooses one of them.

            Examples:
              nitka merge a.hlog b.hlog
              nitka merge a.hlog b.hlog --output all.hlog

            Exit codes: 0 merged; 2 a file can't be read or written, or is not a histogram log; 64 wrong usage.
            """)

    @Argument(help: "The logs to merge; - for standard input.")
    var logs: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Write the merged log to this file. With -, write it to standard output and print no table.",
            valueName: "file"))
    var output: String?

    @Option(
        help: ArgumentHelp("Merge only the histograms with this tag. (default: all histograms)", valueName: "tag"))
    var tag: String?

    func run() throws {
        let merged = HistogramLog(merging: try logs.map(log))
        if output != "-" { show(merged) }
        guard let output else { return }
        do {
            try TextFile.write(merged.text, to: output)
        } catch {
            printError("\(error)")
            throw Exit.notJudged
        }
    }

    private func show(_ log: HistogramLog) {
        let total = log.total
        let unicode = TextStyle.isUnicode
        guard let summary = TimeSummary(total) else { return printLine("the logs contain no values") }
        for line in TimesSummaryTable(summary).lines(unicode: unicode) { printLine(line) }
        printLine("")
        for line in TextHistogram(total).lines(unicode: unicode) { printLine(line) }
    }

    private func noteTags(of log: HistogramLog, _ path: String) {
        guard log.tags.count > 1 else { return }
        let names = log.tags.map { $0.map { "\(EscapedText($0))" } ?? "no tag" }.joined(separator: ", ")
        printError("note: \(EscapedText(path)) has histograms of \(log.tags.count) tags (\(names)): they are added up")
    }

    private func log(_ path: String) throws -> HistogramLog {
        do {
            let log = try HistogramLog(reading: TextFile.read(path))
            if let tag { return try log.only(tag: tag) }
            noteTags(of: log, path)
            return log
        } catch let failure as TextFile.Failure {
            printError("\(failure)")
        } catch let error as ReportError {
            let place = error.description.hasPrefix("line ") ? ", " : ": "
            printError("\(EscapedText(path))\(place)\(EscapedText(error.description))")
        }
        throw Exit.notJudged
    }
}
