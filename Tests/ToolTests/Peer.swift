// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Nitka
import Subprocess
import Synchronization
import SystemPackage
import Testing

/// Servers and programs of other projects that the tests run.
enum Peer {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    static func benchmarks(_ path: String) -> String { "\(root)/Benchmarks/\(path)" }

    /// True if the program is executable, at its path or in a folder of `PATH`.
    static func has(_ program: String) -> Bool {
        let folders =
            program.contains("/")
            ? [""] : (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/" }
        return folders.contains { FileManager.default.isExecutableFile(atPath: $0 + program) }
    }

    static func canTrace() async -> Bool {
        let result = try? await Subprocess.run(
            .name("strace"), arguments: ["-f", "-qq", "-o", "/dev/null", "-e", "inject=clone3:error=EAGAIN", "true"],
            output: .discarded, error: .discarded)
        return result.flatMap { Tool.code($0.terminationStatus) } == 0
    }

    /// Runs a server on a free port, checks it, and kills it with all its processes.
    ///
    /// - Parameter command: returns the command that starts the server on a port of 127.0.0.1.
    static func check(_ options: [String], of command: (String) -> [String]) async throws -> Tool.Ending {
        try await run({ ["check", $0] + options }, against: command)
    }

    /// As ``check(_:of:)``, for any command of the tool.
    static func run(
        _ arguments: (String) -> [String], against command: (String) -> [String]
    ) async throws -> Tool.Ending {
        let port = try freePort()
        let words = command("\(port)")
        let name = words[0]
        // Some servers leave a process for each client: put them all into one process group, and kill the group.
        var platform = PlatformOptions()
        platform.processGroupID = 0
        let result = try await Subprocess.run(
            name.contains("/") ? .path(FilePath(name)) : .name(name), arguments: Arguments(Array(words.dropFirst())),
            platformOptions: platform, input: .none, output: .discarded, error: .discarded
        ) { execution in
            let ending: Swift.Result<Tool.Ending, any Error>
            do {
                try await waitUntilOpen(Endpoint("127.0.0.1:\(port)"))
                ending = .success(try await Tool.run(arguments("127.0.0.1:\(port)")))
            } catch {
                ending = .failure(error)
            }
            try execution.send(signal: .kill, toProcessGroup: true)
            return ending
        }
        return try result.closureResult.get()
    }

    private static let nextPort = Mutex(UInt16.random(in: 20_000..<30_000))

    /// A port below the kernel's ephemeral range, and a different one for each call: no other test may take it before the
    /// server does.
    private static func freePort() throws -> UInt16 {
        for _ in 0..<1000 {
            let port = nextPort.withLock { port in
                port = port == 32_000 ? 20_000 : port + 1
                return port
            }
            if (try? Listener(on: Endpoint("127.0.0.1:\(port)"))) != nil { return port }
        }
        throw Errno.addressInUse
    }

    private static func waitUntilOpen(_ endpoint: Endpoint) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(20)
        while true {
            do {
                return try connectOnce(to: endpoint)
            } catch {
                if clock.now >= deadline { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}

private func connectOnce(to endpoint: Endpoint) throws {
    try Connection.open(to: endpoint, timeout: .seconds(1)).close()
}
