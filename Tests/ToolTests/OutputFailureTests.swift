// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Nitka
import NitkaBench
import NitkaEcho
import Testing

/// Standard output that can't be written: a full disk, or a reader that left.
@Suite struct OutputFailureTests {
    private static let fullDisk = "nitka: write standard output: no space left on device\n"
    private static let closedPipe = "nitka: write standard output: broken pipe\n"

    @Test(
        "a full disk at standard output exits with 2 and one sentence, for each command that talks to a server",
        arguments: [
            "connect ADDRESS",
            "connect ADDRESS --verify",
            "check ADDRESS --timeout 20s --only echo",
            "check ADDRESS --timeout 20s --only echo --json",
            "check ADDRESS --timeout 20s --only echo --junit -",
            "bench ADDRESS --duration 20ms --warmup 0s --clients 2 --json -",
        ])
    func fullDiskWithServer(command: String) async throws {
        let ending = try await whileServing(EchoService.serve) { address in
            try await Shell.run(
                "echo hi | nitka \(command.replacing("ADDRESS", with: address)) > /dev/full")
        }
        #expect(ending.code == 2)
        #expect(ending.error.hasSuffix(Self.fullDisk), "\(ending.error)")
        #expect(ending.error.split(separator: "\n").count { $0.contains("standard output") } == 1, "\(ending.error)")
    }

    @Test(
        "a full disk at standard output exits with 2 and one sentence, for each command without a server",
        arguments: [
            "merge a.hlog", "merge a.hlog --output -", "compare a.json a.json", "--help", "help serve", "--version",
            "--generate-completion-script bash", "--experimental-dump-help",
        ])
    func fullDiskWithoutServer(command: String) async throws {
        let ending = try await withReports { try await Shell.run("cd \($0); nitka \(command) > /dev/full") }
        #expect(ending.code == 2)
        #expect(ending.error == Self.fullDisk)
    }

    @Test("for Nagios, a full disk at standard output is UNKNOWN") func fullDiskForNagios() async throws {
        let ending = try await whileServing(EchoService.serve) { address in
            try await Shell.run("nitka check \(address) --timeout 20s --only echo --nagios > /dev/full")
        }
        #expect(ending.code == 3)
        #expect(ending.error == Self.fullDisk)
    }

    @Test(
        "a reader that left before the result ends a command with 2",
        arguments: ["merge a.hlog", "compare a.json a.json"])
    func closedPipeLosesResult(command: String) async throws {
        let ending = try await withReports {
            // The reader ends before the tool starts: the first write fails.
            try await Shell.run("cd \($0); exec 3> >(:); wait $!; nitka \(command) >&3")
        }
        #expect(ending.code == 2)
        #expect(ending.error == Self.closedPipe)
    }

    /// The server echoes more than all buffers hold: a thread that still writes to it would wait forever.
    @Test(
        "connect ends with 2 if its output can't be written, even in the middle of a large stream",
        .timeLimit(.minutes(1)), arguments: ["", "--verify"])
    func connectStopsInMiddleOfStream(option: String) async throws {
        let ending = try await whileServing(EchoService.serve) { address in
            try await Shell.run(
                """
                head -c 60000000 /dev/zero | nitka connect \(address) \(option) > /dev/full; echo ${PIPESTATUS[1]}
                head -c 60000000 /dev/zero | nitka connect \(address) \(option) | head -c 1 > /dev/null
                echo ${PIPESTATUS[1]}
                """)
        }
        #expect(ending.output == "2\n2\n")
        #expect(ending.error == Self.fullDisk + Self.closedPipe)
    }

    @Test("--verify reports a difference that arrived before the output failed") func differenceBeforeFailure()
        async throws
    {
        let flip: @Sendable (Client) throws -> Void = { client in
            while let bytes = try client.read() { try client.write(bytes.map { $0 ^ 1 }) }
        }
        let ending = try await whileServing(flip) { address in
            try await Shell.run("echo hi | nitka connect \(address) --verify > /dev/full")
        }
        #expect(ending.code == 2)
        #expect(ending.error == Self.fullDisk + "nitka: the first difference is at offset 0: sent 104, received 105\n")
    }

    @Test("standard input that can't be read ends connect with 2 and one sentence") func unreadableInput() async throws
    {
        let ending = try await whileServing(EchoService.serve) { try await Shell.run("nitka connect \($0) < /") }
        #expect(ending.code == 2)
        #expect(ending.error == "nitka: read standard input: is a directory\n")
    }

    @Test("serve keeps serving with a full disk at its log, and exits with 2 after a drain", .timeLimit(.minutes(1)))
    func serveWithFullDisk() async throws {
        let ending = try await withFolder { folder in
            // A port in use ends the server before it serves: then try another one.
            try await Shell.run(
                """
                for attempt in {1..100}; do
                    port=$((20000 + RANDOM % 10000))
                    \(Tool.path) serve --port $port > /dev/full 2> \(folder)/error &
                    until nitka check 127.0.0.1:$port --only echo > /dev/null 2>&1; do
                        kill -0 $! 2> /dev/null || continue 2
                    done
                    kill $! && break
                done
                wait $!
                code=$?
                cat \(folder)/error >&2
                exit $code
                """)
        }
        #expect(ending.code == 2)
        #expect(ending.error == Self.fullDisk)
    }

    private func withReports<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        try await withFolder { folder in
            try write(HistogramLog(outcome(trip: 1000)).text, to: "\(folder)/a.hlog")
            try write(BenchReport(outcome(trip: 1000)).json(), to: "\(folder)/a.json")
            return try await body(folder)
        }
    }
}
