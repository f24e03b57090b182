// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Subprocess
import SystemPackage
import Testing

/// What is wrong around a check is not the server's fault.
@Suite struct CheckSurroundingsTests {
    /// Runs a line of the shell, in which `nitka` is the tool.
    private func shell(_ script: String) async throws -> Tool.Ending {
        let result = try await Subprocess.run(
            .name("sh"), arguments: ["-c", "nitka() { \"$0\" \"$@\"; }; \(script)", Tool.path.string], input: .none,
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return Tool.Ending(
            code: Tool.code(result.terminationStatus), output: result.standardOutput, error: result.standardError)
    }

    @Test func aMachineWithoutDescriptorsDoesNotFailTheServer() async throws {
        let ending = try await whileServing(EchoService.serve) { address in
            try await shell("ulimit -n 16; nitka check \(address) --clients 50 --skip integrity,half-close")
        }
        #expect(ending.code == 2, "\(ending.output)")
        #expect(ending.output.contains("PASS  echo"))
        #expect(ending.output.contains("SKIP  together"))
        #expect(ending.output.contains("too many open files"))
        #expect(ending.output.contains("PASS  close"))
    }

    @Test(.enabled("skipped: no strace, or it may not trace") { await Peer.canTrace() })
    func aMachineWithoutThreadsDoesNotFailTheServer() async throws {
        let ending = try await shell(
            "strace -f -qq -o /dev/null -e inject=clone3:error=EAGAIN \(Tool.path) check 127.0.0.1:1 --json")
        #expect(ending.code == 2, "\(ending.error)")
        #expect(ending.output.split(separator: "\"reason\" : \"no-thread\"").count == 10, "\(ending.output)")
    }

    @Test func aServerOfOurOwnIsNotStartedWithTooFewDescriptors() async throws {
        let ending = try await shell("ulimit -n 32; nitka check")
        #expect(ending.code == 2)
        let remedy = "8 clients and a server of our own need 48 descriptors, and 32 are allowed: ulimit -n 48"
        #expect(ending.error == "nitka: \(remedy)\n")
    }

    /// The socket would get the number of standard output, and the server what is meant for people.
    @Test(arguments: [">&-", "<&- >&- 2>&-"]) func closedStreamsAreNotMistakenForSockets(streams: String) async throws {
        let ending = try await whileServing(EchoService.serve) { address in
            try await shell("nitka check \(address) --timeout 20s --skip integrity \(streams)")
        }
        #expect(ending.code == 0)
    }

    @Test func aReaderWhoHasGoneIsNoReasonToStop() async throws {
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

    @Test func aReportThatCannotBeWrittenIsOneSentence() async throws {
        let ending = try await whileServing(EchoService.serve) { address in
            try await shell("nitka check \(address) --timeout 20s --only echo --json > /dev/full")
        }
        #expect(ending.code == 2)
        #expect(ending.error == "nitka: write standard output: no space left on device\n")
    }

    /// Columns are those of the terminal, where there is one.
    @Test(.enabled(if: Peer.has("script"), "skipped: no script(1) to make a terminal"))
    func aNarrowTerminalGetsNarrowLines() async throws {
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
