// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Subprocess
import SystemPackage
import Testing

/// A shortage on the machine of the check is not a fault of the server.
@Suite struct CheckSurroundingsTests {
    /// Runs a shell script in which `nitka` is the tool.
    private func shell(_ script: String) async throws -> Tool.Ending {
        let result = try await Subprocess.run(
            .name("sh"), arguments: ["-c", "nitka() { \"$0\" \"$@\"; }; \(script)", Tool.path.string], input: .none,
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return Tool.Ending(
            code: Tool.code(result.terminationStatus), output: result.standardOutput, error: result.standardError)
    }

    @Test("a shortage of descriptors skips a stage and does not fail the server") func descriptorShortageSkipsStage()
        async throws
    {
        let ending = try await whileServing(EchoService.serve) { address in
            try await shell("ulimit -n 16; nitka check \(address) --clients 50 --skip integrity,half-close")
        }
        #expect(ending.code == 2, "\(ending.output)")
        #expect(ending.output.contains("PASS  echo"))
        #expect(ending.output.contains("SKIP  together"))
        #expect(ending.output.contains("too many open files"))
        #expect(ending.output.contains("PASS  close"))
    }

    @Test(
        "a shortage of threads is reported as its own reason, and does not fail the server",
        .enabled("no strace, or it may not trace") { await Peer.canTrace() })
    func threadShortageIsNotJudged() async throws {
        let ending = try await shell(
            "strace -f -qq -o /dev/null -e inject=clone3:error=EAGAIN \(Tool.path) check 127.0.0.1:1 --json")
        #expect(ending.code == 2, "\(ending.error)")
        #expect(ending.output.split(separator: "\"reason\" : \"no-thread\"").count == 10, "\(ending.output)")
    }

    @Test("check starts no server if the descriptor limit is too low, and names the remedy")
    func descriptorShortageStartsNoServer() async throws {
        let ending = try await shell("ulimit -n 32; nitka check")
        #expect(ending.code == 2)
        let remedy = "8 clients and the server need 48 descriptors, but the limit is 32: run ulimit -n 48"
        #expect(ending.error == "nitka: \(remedy)\n")
    }

    /// A socket could get the number of standard output: then the report would be sent to the server.
    @Test("a check with closed standard streams writes no report into a socket", arguments: [">&-", "<&- >&- 2>&-"])
    func closedStandardStreams(streams: String) async throws {
        let ending = try await whileServing(EchoService.serve) { address in
            try await shell("nitka check \(address) --timeout 20s --skip integrity \(streams)")
        }
        #expect(ending.code == 0)
    }

    @Test("a closed output pipe does not change the exit code") func closedPipeDoesNotFail() async throws {
        let ending = try await whileServing(EchoService.serve) { address in
            try await shell(
                """
                for form in '' --json --nagios; do
                    { nitka check \(address) --timeout 20s --only echo $form; echo "$?" >&2; } | true
                done
                """)
        }
        #expect(ending.error == "0\n0\n0\n")
    }

    @Test("a full disk at standard output exits with 2 and prints one sentence") func fullDiskIsOneSentence()
        async throws
    {
        let ending = try await whileServing(EchoService.serve) { address in
            try await shell("nitka check \(address) --timeout 20s --only echo --json > /dev/full")
        }
        #expect(ending.code == 2)
        #expect(ending.error == "nitka: write standard output: no space left on device\n")
    }

    /// The width is that of the terminal.
    @Test(
        "no line is wider than the terminal",
        .enabled(if: Peer.has("script"), "no script(1) to make a terminal"))
    func linesFitNarrowTerminal() async throws {
        let ending = try await whileServing(EchoService.serve) { address in
            try await shell(
                "script -qec 'stty cols 40; \(Tool.path) check \(address) --timeout 20s --idle 10ms' /dev/null")
        }
        let lines = ending.output.replacing("\r\u{1b}[K", with: "\n").split { $0.isNewline }
        #expect(lines.contains { $0.hasPrefix("PASS  close") }, "\(ending.output)")
        #expect(lines.contains { $0.hasSuffix("idle: silent for 0s of 10ms") }, "\(ending.output)")
        #expect(lines.allSatisfy { $0.count < 40 }, "\(lines)")
    }
}
