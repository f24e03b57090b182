// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Subprocess
import SystemPackage
import Testing

/// The progress of a check, and its early end.
@Suite struct CheckProgressTests {
    /// 10 minutes of silence: a row that the test reads before their end was printed during the check.
    private static let long = ["--idle", "10m", "--only", "echo,idle,close"]

    private func run(
        _ arguments: [String], signals: [Signal],
        handler: @escaping @Sendable (Client) throws -> Void = EchoService.serve
    ) async throws -> (code: Int32?, lines: [String]) {
        try await whileServing(handler) { address in
            let result = try await Subprocess.run(
                .path(Tool.path), arguments: Arguments(["check", address] + arguments), input: .none,
                output: .sequence, error: .discarded
            ) { execution in
                var lines: [String] = []
                for try await line in execution.standardOutput.strings() {
                    lines.append(line)
                    guard line.contains("echo ") else { continue }
                    for signal in signals { try execution.send(signal: signal) }
                }
                return lines
            }
            return (Tool.code(result.terminationStatus), result.closureResult)
        }
    }

    @Test("a row is printed as soon as its stage ends") func rowsArePrintedAsStagesEnd() async throws {
        let (code, lines) = try await run(Self.long, signals: [.interrupt])
        #expect(code == 2)
        try #require(lines.count == 6, "\(lines)")
        #expect(lines[2].hasPrefix("PASS  echo "))
        #expect(lines[4].hasPrefix("SKIP  idle ") && lines[4].hasSuffix(" the check was interrupted"))
        #expect(lines[5] == "could not be judged: the check was interrupted")
        // A pipe gets no status line.
        #expect(!lines.joined().contains("\u{1b}"))
    }

    @Test("a check that failed before a signal exits with 1") func failureBeforeSignalFails() async throws {
        let (code, lines) = try await run(Self.long, signals: [.interrupt]) { client in
            // Change only large messages: the random bytes of later stages may contain 200 too.
            while let bytes = try client.read() {
                try client.write(bytes.count > 64 ? bytes.map { $0 == 200 ? 0 : $0 } : bytes)
            }
        }
        #expect(code == 1)
        #expect(lines.last == "FAIL: echo: a byte of value 200 comes back as 0", "\(lines)")
    }

    /// timeout(1) signals its child and then their process group. Signals of 2 numbers arrive as 2; the kernel merges
    /// those of 1 number while the first is pending.
    @Test("2 signals at once end a check early once, and its verdict is printed") func simultaneousSignalsAreOne()
        async throws
    {
        // While the tool is stopped, both signals become pending: it gets them at once.
        let (code, lines) = try await run(Self.long, signals: [.suspend, .interrupt, .terminate, .resume])
        #expect(code == 2)
        #expect(lines.last == "could not be judged: the check was interrupted", "\(lines)")
    }

    /// A connection attempt blocks in the kernel: a signal must end it too.
    @Test("a signal ends a connection attempt") func signalEndsConnectionAttempt() async throws {
        let listener = try Listener(on: Endpoint("127.0.0.1:0"), backlog: 0)
        let address = "\(listener.addresses[0])"
        let waiting = fillBacklog(of: listener.addresses[0])
        let result = try await Subprocess.run(
            .path(Tool.path), arguments: ["check", address, "--timeout", "1h"], input: .none,
            output: .sequence, error: .discarded
        ) { execution in
            var output = ""
            for try await line in execution.standardOutput.strings() {
                output += line
                if line.hasPrefix("PASS  resolve") { try execution.send(signal: .terminate) }
            }
            return output
        }
        #expect(Tool.code(result.terminationStatus) == 2)
        #expect(result.closureResult.contains("SKIP  connect"), "\(result.closureResult)")
        #expect(!waiting.isEmpty)
    }

    /// The pipe is full and has no reader, so the report after the first signal blocks: the second signal must not wait
    /// for it.
    @Test("a second signal ends the check even if its report cannot be written") func secondSignalEndsAtOnce()
        async throws
    {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { try? reading.close() }
        // The rest of its 64 KiB holds the first row, but not the second, which is printed after the connection.
        let taken = (1 << 16) - 80
        #expect(try writing.writeAll([UInt8](repeating: 0, count: taken)) == taken)
        let (connections, connected) = AsyncStream.makeStream(of: Void.self)
        let result = try await whileServing { client in
            connected.yield()
            try EchoService.serve(client)
        } _: { address in
            try await Subprocess.run(
                .path(Tool.path), arguments: ["check", address, "--only", "echo"], input: .none,
                output: .fileDescriptor(writing, closeAfterSpawningProcess: true), error: .discarded
            ) { execution in
                for await _ in connections { break }
                try execution.send(signal: .interrupt)
                // A signal within 150 ms of the first belongs to it: repeat until one ends the process.
                while isRunning(execution.processIdentifier.value) {
                    try execution.send(signal: .terminate)
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }
        #expect(Tool.code(result.terminationStatus) == 2)
    }
}

/// False after the process has ended, also while its parent has not waited for it.
private func isRunning(_ process: Int32) -> Bool {
    ProcFile.text("/proc/\(process)/stat").map { !$0.contains(") Z ") } ?? false
}

/// Runs a server on a free port while the body runs.
func whileServing<Result: Sendable>(
    _ handler: @escaping @Sendable (Client) throws -> Void, _ body: (String) async throws -> Result
) async throws -> Result {
    let server = try Server(on: "127.0.0.1:0")
    let threads = ThreadGroup()
    try threads.start(named: "accept") { _ = try? server.run(.threads) { try handler($0) } }
    defer {
        server.endNow()
        #expect(threads.join(until: .now + .seconds(30)))
    }
    return try await body("\(server.addresses[0])")
}

/// Connects until the backlog is full and the kernel accepts no more connections.
private func fillBacklog(of address: SocketAddress) -> [Connection] {
    var waiting: [Connection] = []
    while let connection = try? Connection.open(to: address, timeout: .milliseconds(300)) { waiting.append(connection) }
    return waiting
}
