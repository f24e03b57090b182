// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Subprocess
import SystemPackage
import Testing

/// What a check shows while it goes on, and how it is ended early.
@Suite struct CheckProgressTests {
    /// Ten minutes of silence: whoever sees a row before they are over was told in time.
    private static let long = ["--idle", "10m", "--only", "echo,idle,close"]

    private func run(
        _ arguments: [String], signals: Int, handler: @escaping @Sendable (Client) throws -> Void = EchoService.serve
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
                    for _ in 0..<signals { try execution.send(signal: .interrupt) }
                }
                return lines
            }
            return (Tool.code(result.terminationStatus), result.closureResult)
        }
    }

    @Test func aRowIsThereWhenItsStageHasEnded() async throws {
        let (code, lines) = try await run(Self.long, signals: 1)
        #expect(code == 2)
        try #require(lines.count == 6, "\(lines)")
        #expect(lines[2].hasPrefix("PASS  echo "))
        #expect(lines[4].hasPrefix("SKIP  idle ") && lines[4].hasSuffix(" the check was interrupted"))
        #expect(lines[5] == "could not be judged: the check was interrupted")
        // In a pipe nobody is told what is being waited for.
        #expect(!lines.joined().contains("\u{1b}"))
    }

    @Test func whatHasFailedFailsAlsoWhenItIsEndedEarly() async throws {
        let (code, lines) = try await run(Self.long, signals: 1) { client in
            // The few bytes of the stages after it are random: one of them may have that value, too.
            while let bytes = try client.read() {
                try client.write(bytes.count > 64 ? bytes.map { $0 == 200 ? 0 : $0 } : bytes)
            }
        }
        #expect(code == 1)
        #expect(lines.last == "FAIL: echo: a byte of value 200 comes back as 0", "\(lines)")
    }

    /// A connection attempt and a look-up are waited for nowhere else than in the kernel: a signal ends them too.
    @Test func aSignalEndsAConnectionAttempt() async throws {
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

    /// Nobody reads, so the first signal's report can't be written: the second does not wait for it.
    @Test func aSecondSignalEndsItAtOnce() async throws {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { try? reading.close() }
        // What is left of its 64 KiB holds the first row, and not the second, which comes when there was a connection.
        let taken = (1 << 16) - 80
        #expect(try writing.writeAll([UInt8](repeating: 0, count: taken)) == taken)
        let (comers, comer) = AsyncStream.makeStream(of: Void.self)
        let result = try await whileServing { client in
            comer.yield()
            try EchoService.serve(client)
        } _: { address in
            try await Subprocess.run(
                .path(Tool.path), arguments: ["check", address, "--only", "echo"], input: .none,
                output: .fileDescriptor(writing, closeAfterSpawningProcess: true), error: .discarded
            ) { execution in
                for await _ in comers { break }
                try execution.send(signal: .interrupt)
                try execution.send(signal: .terminate)
            }
        }
        #expect(Tool.code(result.terminationStatus) == 2)
    }
}

/// Serves on a port of its own for as long as the body runs.
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

/// Connects until the backlog is full, and the kernel answers no more.
private func fillBacklog(of address: SocketAddress) -> [Connection] {
    var waiting: [Connection] = []
    while let connection = try? Connection.open(to: address, timeout: .milliseconds(300)) { waiting.append(connection) }
    return waiting
}
