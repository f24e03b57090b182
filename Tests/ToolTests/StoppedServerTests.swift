// SPDX-License-Identifier: Apache-2.0

import Glibc
import NitkaBench
import NitkaSystem
import Subprocess
import SystemPackage
import Testing

/// `check` and `bench` of a server that SIGSTOP stops and SIGCONT continues.
@Suite(.timeLimit(.minutes(1))) struct StoppedServerTests {
    private static let hosts = ["127.0.0.1", "::1"]

    /// The kernel still accepts connections for a stopped server, and acknowledges what clients send.
    @Test(
        "a check of a stopped server connects and gets no reply; a check that waits longer loses nothing",
        arguments: ["threads", "tasks"], hosts)
    func checkOfStoppedServer(model: String, host: String) async throws {
        let result = try await ServeProcess.run(["--host", host, "--model", model]) { server in
            let long = [
                "check", server.address, "--timeout", "20s", "--bulk", "16MiB", "--only", "echo,integrity,close",
            ]
            let result = try await Subprocess.run(
                .path(Tool.path), arguments: Arguments(long), input: .none, output: .sequence, error: .discarded
            ) { execution in
                var (lines, quick): ([String], Tool.Ending?) = ([], nil)
                for try await line in execution.standardOutput.strings() {
                    lines.append(line)
                    guard line.hasPrefix("PASS  echo") else { continue }
                    try await server.stop()
                    quick = try await Tool.run(["check", server.address, "--timeout", "100ms", "--only", "echo,close"])
                    server.resume()
                }
                return (lines, quick)
            }
            return (Tool.code(result.terminationStatus), result.closureResult)
        }
        let (code, (lines, quick)) = result.value
        #expect(quick?.code == 1)
        #expect(quick?.output.contains("PASS  connect") == true)
        #expect(
            quick?.output.contains("no-answer: client 1 got no reply within 100 ms") == true, "\(quick?.output ?? "")")
        #expect(code == 0)
        #expect(lines.last == "PASS: resolve, connect, echo, integrity, close", "\(lines)")
        #expect(result.code == 0)
    }

    @Test("a bench of a stopped server ends in time, and exits with 2", arguments: hosts)
    func benchOfStoppedServer(host: String) async throws {
        let result = try await ServeProcess.run(["--host", host]) { server in
            try await server.stop()
            return try await Tool.run(
                ["bench", server.address, "--clients", "4", "--duration", "10m", "--timeout", "100ms"])
        }
        #expect(result.value.code == 2)
        #expect(result.value.error.contains("served no client: timed out\n"), "\(result.value.error)")
        #expect(result.code == 0)
    }

    @Test("a bench counts the echoes that a stopped server does not return, and continues with it", arguments: hosts)
    func benchAroundStop(host: String) async throws {
        let result = try await ServeProcess.run(["--host", host]) { server in
            let long = ["bench", server.address, "--clients", "4", "--duration", "10m", "--timeout", "100ms"]
            let result = try await Subprocess.run(
                .path(Tool.path), arguments: Arguments(long + ["--warmup", "0s", "--json", "-"]), input: .none,
                output: .string(limit: 1 << 20), error: .sequence
            ) { execution in
                var (seconds, isOver) = (0, false)
                for try await line in execution.standardError.strings() where line.contains("echoes/s") {
                    seconds += 1
                    if seconds == 1 { try await server.stop() }
                    // Not after a time: the lines may arrive late, and all at once.
                    if seconds > 1, !isOver, !line.contains(" 0 errors") {
                        isOver = true
                        server.resume()
                        try execution.send(signal: .interrupt)
                    }
                }
            }
            return (Tool.code(result.terminationStatus), result.standardOutput)
        }
        let (code, json) = result.value
        let report = try BenchReport(json: json)
        #expect(code == 1)
        #expect(report.echoes > 0)
        #expect(report.errorsByKind["timed out", default: 0] >= 1, "\(report.errorsByKind)")
        #expect(report.mismatches == 0)
        #expect(result.code == 0)
    }
}

/// A running `nitka serve`, in a process of its own.
struct ServeProcess: Sendable {
    /// The address that it listens on.
    let address: String
    let process: pid_t

    /// Stops the server with SIGSTOP, and waits until it is stopped.
    func stop() async throws {
        kill(process, SIGSTOP)
        while ProcFile.text("/proc/\(process)/stat")?.contains(") T ") != true {
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func resume() { kill(process, SIGCONT) }

    /// Runs a server on a free port while the body runs, then drains it. Returns its exit code and the body's value.
    static func run<Value: Sendable>(
        _ options: [String], _ body: (ServeProcess) async throws -> Value
    ) async throws -> (code: Int32?, value: Value) {
        let arguments = ["serve", "--port", "0", "--log-level", "error"] + options
        let result = try await Subprocess.run(
            .path(Tool.path), arguments: Arguments(arguments), input: .none, output: .sequence, error: .discarded
        ) { execution in
            let value: Swift.Result<Value, any Error>
            var lines = execution.standardOutput.strings().makeAsyncIterator()
            do {
                let first = try #require(try await lines.next())
                let address = first.dropFirst("listening on ".count).prefix { !$0.isNewline }
                let server = ServeProcess(address: String(address), process: execution.processIdentifier.value)
                value = .success(try await body(server))
            } catch {
                value = .failure(error)
            }
            try execution.send(signal: .resume)
            try execution.send(signal: .terminate)
            while try await lines.next() != nil {}
            return value
        }
        return (Tool.code(result.terminationStatus), try result.closureResult.get())
    }
}
