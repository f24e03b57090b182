// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Subprocess
import SystemPackage
import Testing

@Suite struct ServeTests {
    @Test(
        "serve logs its address, its clients and its totals, and drains after SIGTERM",
        arguments: [
            ["iterative"], ["threads"], ["tasks"],
        ])
    func logsClientsAndDrains(model: [String]) async throws {
        let result = try await Subprocess.run(
            .path(Tool.path), arguments: Arguments(["serve", "--port", "0", "--model"] + model), input: .none,
            output: .sequence, error: .discarded
        ) { execution in
            var lines: [String] = []
            for try await line in execution.standardOutput.strings() {
                lines.append(line.filter { $0 != "\n" })
                if lines.count == 1 {
                    try exchangeThreeBytes(with: Endpoint(String(lines[0].dropFirst("listening on ".count))))
                } else if line.contains(" ended: ") {
                    try execution.send(signal: .terminate)
                }
            }
            return lines
        }
        let lines = result.closureResult
        #expect(Tool.code(result.terminationStatus) == 0)
        #expect(lines.count == 5)
        #expect(lines[1].hasPrefix("client 1 from 127.0.0.1:"))
        #expect(lines[1].contains(" started on thread client-1 (") == (model == ["threads"]))
        #expect(lines[2].contains(" ended: peer finished, 3 bytes in, 3 out, "))
        #expect(lines[4] == "served 1 client, 0 cut off, 3 bytes in, 3 out")
    }

    @Test("a port in use exits with 2 and prints one sentence") func portInUseIsOneSentence() async throws {
        let server = try Server(on: "127.0.0.1:0")
        let ending = try await Tool.run(["serve", "--port", "\(server.addresses[0].port)"])
        #expect(ending.code == 2)
        #expect(ending.output == "")
        #expect(ending.error == "nitka: listen on \(server.addresses[0]): address already in use\n")
    }

    @Test(
        "serve exits with 2 and logs no address if the descriptor limit allows no client",
        .enabled(if: Peer.has("prlimit"), "no prlimit"), .timeLimit(.minutes(1)))
    func noDescriptorsForClients() async throws {
        let ending = try await Tool.run(
            ["--nofile=6:6", Tool.path.string, "serve", "--port", "0"], of: "/usr/bin/prlimit")
        #expect(ending.code == 2)
        #expect(ending.output == "")
        #expect(ending.error.hasSuffix(": the machine has resources for 0 clients by descriptors (RLIMIT_NOFILE 6)\n"))
    }

    /// The first 3 threads are those of the signals, the log and the drain: the fourth would run the client.
    @Test(
        "a client that waits for a thread until the drain ends counts as lost: serve exits with 3",
        .enabled("no strace, or it may not trace") { await Peer.canTrace() }, .timeLimit(.minutes(1)))
    func waitingClientIsLost() async throws {
        // -D: the started process is the tool, and strace its grandchild, so that the signal reaches the tool.
        let arguments = [
            "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=clone3", "-e", "inject=clone3:error=EAGAIN:when=4+",
            Tool.path.string, "serve", "--port", "0", "--drain-timeout", "300ms",
        ]
        let result = try await Subprocess.run(
            .path("/usr/bin/strace"), arguments: Arguments(arguments), input: .none, output: .sequence,
            error: .discarded
        ) { execution in
            var lines: [String] = []
            var (client, isDraining): (Connection?, Bool) = (nil, false)
            for try await line in execution.standardOutput.strings() {
                lines.append(line.filter { $0 != "\n" })
                if lines.count == 1 {
                    client = try open(Endpoint(String(lines[0].dropFirst("listening on ".count))))
                } else if line.hasPrefix("warning: "), !isDraining {
                    isDraining = true
                    try execution.send(signal: .terminate)
                }
            }
            #expect(client != nil)
            return lines
        }
        #expect(Tool.code(result.terminationStatus) == 3)
        #expect(result.closureResult.last == "served 0 clients, 0 cut off, 1 lost, 0 bytes in, 0 out")
    }

    @Test(
        "serve exits with 2 and prints one sentence if it cannot create its own threads",
        .enabled("no strace, or it may not trace") { await Peer.canTrace() }, .timeLimit(.minutes(1)))
    func noThreadsForItself() async throws {
        let ending = try await Tool.run(
            [
                "-f", "-qq", "-o", "/dev/null", "-e", "trace=clone3", "-e", "inject=clone3:error=EAGAIN:when=1",
                Tool.path.string, "serve", "--port", "0",
            ], of: "/usr/bin/strace")
        #expect(ending.code == 2)
        #expect(ending.output == "")
        #expect(
            ending.error
                == "nitka: create the threads that wait for signals and write the log: resource temporarily unavailable\n"
        )
    }
}

private func open(_ endpoint: Endpoint) throws -> Connection { try Connection.open(to: endpoint) }

private func exchangeThreeBytes(with endpoint: Endpoint) throws {
    let connection = try Connection.open(to: endpoint)
    connection.idleTimeout = .seconds(20)
    try connection.write([1, 2, 3])
    #expect(try connection.read() == [1, 2, 3])
    connection.closeWrite()
    #expect(try connection.read() == nil)
}
