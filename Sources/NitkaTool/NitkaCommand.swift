// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem

@main
struct NitkaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nitka",
        abstract:
            "An echo server that gives every client a thread of its own, and what it takes to talk to it and to check it.",
        discussion: """
            Examples:
              nitka check                          start a server and see that clients are served at once
              nitka check --model iterative        see that they are not
              nitka serve                          listen on 127.0.0.1:7007
              nitka connect localhost:7007         type a line, see it come back
              nitka connect localhost:7007 --verify < FILE > COPY
              nitka bench localhost:7007 --rate 20k
              nitka compare before.json after.json --max-regress p99=10%

            Exit codes: 0 good; 1 the thing checked is not good; 2 it could not be judged; 3 a drain cut somebody off; \
            64 wrong usage.
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
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let code = exitCode(for: error)
            // An error repeats the argument, which may come from a script and hold anything.
            let lines = fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false)
            let text = lines.map { EscapedText(String($0), limit: 2000).description }.joined(separator: "\n")
            if !text.isEmpty { try? (code == .success ? StandardStream.output : .error).write(text + "\n") }
            CurrentProcess.exitNow(code.rawValue)
        }
    }
}

/// What the tool's exit codes mean.
enum Exit {
    static let notGood = ExitCode(1)
    static let notJudged = ExitCode(2)
    static let cutOff = ExitCode(3)
}
