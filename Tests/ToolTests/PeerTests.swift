// SPDX-License-Identifier: Apache-2.0

import Nitka
import Subprocess
import Testing

/// Checks of other projects' servers: each must get the verdict that it deserves.
@Suite struct PeerTests {
    private static let slowMachine = ["--timeout", "20s", "--bulk", "2MiB"]

    @Test("Python's threading echo server passes", .enabled(if: Peer.has("python3"), "no python3"))
    func pythonThreadingServerPasses() async throws {
        let ending = try await Peer.check(Self.slowMachine) { port in
            ["python3", Peer.benchmarks("peers/echo_threading.py"), port]
        }
        #expect(ending.code == 0, "\(ending.output)")
    }

    @Test(
        "a Go echo server passes", .enabled(if: Peer.has("go"), "no go to build Benchmarks/peers/echo.go with")
    )
    func goPasses() async throws {
        let ending = try await withFolder { folder in
            let program = "\(folder)/echo"
            let build = try await Subprocess.run(
                .name("go"), arguments: ["build", "-o", program, Peer.benchmarks("peers/echo.go")],
                output: .discarded, error: .string(limit: 1 << 16))
            try #require(Tool.code(build.terminationStatus) == 0, "\(build.standardError)")
            return try await Peer.check(Self.slowMachine) { [program, $0] }
        }
        #expect(ending.code == 0, "\(ending.output)")
    }

    private static let nio = Peer.benchmarks("bin/nio/release/echo-nio")

    @Test(
        "a SwiftNIO echo server passes",
        .enabled(if: Peer.has(nio), "Benchmarks/run.py has not built SwiftNIO's server, Benchmarks/bin/nio"))
    func swiftNIOPasses() async throws {
        let ending = try await Peer.check(Self.slowMachine) { [Self.nio, $0] }
        #expect(ending.code == 0, "\(ending.output)")
    }

    /// With blocks larger than its pipe, socat deadlocks: it waits for itself to empty the pipe.
    @Test("socat with PIPE passes", .enabled(if: Peer.has("socat"), "no socat"))
    func socatPasses() async throws {
        let ending = try await Peer.check(Self.slowMachine) { port in
            ["socat", "TCP-LISTEN:\(port),fork,reuseaddr,bind=127.0.0.1,nodelay,backlog=128", "PIPE"]
        }
        #expect(ending.code == 0, "\(ending.output)")
    }

    /// At a half-close ncat drops the bytes that its `cat` still holds, and it stalls in a stream.
    @Test("ncat fails the half-close, because it loses bytes", .enabled(if: Peer.has("ncat"), "no ncat"))
    func ncatFails() async throws {
        let ending = try await Peer.check(["--timeout", "2s", "--skip", "together,cross-talk"]) { port in
            ["ncat", "-lk", "-e", "/bin/cat", "127.0.0.1", port]
        }
        #expect(ending.code == 1, "\(ending.output)")
        #expect(ending.output.contains("PASS  echo"))
        #expect(ending.output.contains("\nFAIL  half-close") && ending.output.contains("  short: "))
    }
}
