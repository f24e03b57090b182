// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem

@main
struct NitkaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nitka",
        abstract: "A multithreaded echo server, and the commands that talk to it, check it and measure it.",
        discussion: """
            Examples:
              nitka check                          start a server and check it
              nitka check --model iterative        the same, but the server serves one client after another
              nitka serve                          listen on 127.0.0.1:7007
              nitka connect localhost:7007         send typed lines, print what comes back
              nitka connect localhost:7007 --verify < FILE > COPY
              nitka bench localhost:7007 --rate 20k
              nitka compare before.json after.json --max-regress p99=10%

            Exit codes: 0 good; 1 a check, a gate or a limit failed; 2 the command failed, or could not judge the \
            result; 3 a drain cut off a client, or never served a client that the server had accepted; 64 wrong usage.
            """,
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, ConnectCommand.self, CheckCommand.self, BenchCommand.self, MergeCommand.self,
            CompareCommand.self,
        ]
    )

    static func main() {
        StandardStream.openMissing()
        Signals.ignoreBrokenPipes()
        Signals.endAfterCrashSignals()
        let arguments = Array(CurrentProcess.arguments.dropFirst())
        var code: Int32 = 0
        var needsReader = false
        do {
            var command = try parseAsRoot(Array(CurrentProcess.arguments.dropFirst()))
            needsReader = command is any OutputIsResult
            try command.run()
        } catch {
            code = exitCode(for: error).rawValue
            let text = fullMessage(for: error)
            let better = code == ExitCode.validationFailure.rawValue ? UnknownWord.first(in: arguments, of: self) : nil
            show(better.map { $0.message(insteadOf: text) } ?? text, isError: code != 0)
        }
        code = StandardOutput.exitCode(code, needsReader: needsReader)
        if code != 0 { CurrentProcess.exitNow(code) }
    }

    private static func show(_ text: String, isError: Bool) {
        if text.isEmpty { return }
        // Help, completion scripts and the data of the manual contain only the tool's own text. Programs read them:
        // escaping would double each backslash.
        guard isError else { return printLine(text) }
        // A usage error repeats the argument, which may contain any bytes: escape them for the terminal.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let escaped = lines.map { EscapedText(String($0), limit: 2000).description }.joined(separator: "\n")
        try? StandardStream.error.write(escaped + "\n")
    }
}

/// The exit codes beside 0 (good) and 64 (wrong usage).
enum Exit {
    /// The checked thing is not good.
    static let failure = ExitCode(1)
    /// The command could not judge the result, or could not do its work.
    static let notJudged = ExitCode(2)
    /// A drain cut off a client or lost a waiting client.
    static let cutOff = ExitCode(3)
}
