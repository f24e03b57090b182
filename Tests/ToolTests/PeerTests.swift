// SPDX-License-Identifier: Apache-2.0

import Nitka
import Subprocess
import Testing

/// Servers of others: a check must say of each what it is.
@Suite struct PeerTests {
    private static let patient = ["--timeout", "20s", "--bulk", "2MiB"]

    @Test(.enabled(if: Peer.has("python3"), "skipped: no python3"))
    func pythonsThreadingServerPasses() async throws {
        let ending = try await Peer.check(Self.patient) { port in
            ["python3", Peer.benchmarks("peers/echo_threading.py"), port]
        }
        #expect(ending.code == 0, "\(ending.output)")
    }

    @Test(.enabled(if: Peer.has("go"), "skipped: no go to build Benchmarks/peers/echo.go with"))
    func goPasses() async throws {
        let ending = try await withFolder { folder in
            let program = "\(folder)/echo"
            let build = try await Subprocess.run(
                .name("go"), arguments: ["build", "-o", program, Peer.benchmarks("peers/echo.go")],
                output: .discarded, error: .string(limit: 1 << 16))
            try #require(Tool.code(build.terminationStatus) == 0, "\(build.standardError)")
            return try await Peer.check(Self.patient) { [program, $0] }
        }
        #expect(ending.code == 0, "\(ending.output)")
    }

    private static let nio = Peer.benchmarks("bin/nio/release/echo-nio")

    @Test(.enabled(if: Peer.has(nio), "skipped: Benchmarks/run.py has not built SwiftNIO's server, Benchmarks/bin/nio"))
    func swiftNIOPasses() async throws {
        let ending = try await Peer.check(Self.patient) { [Self.nio, $0] }
        #expect(ending.code == 0, "\(ending.output)")
    }

    /// With blocks no larger than its pipe it is sound: with larger ones it waits for itself to empty the pipe.
    @Test(.enabled(if: Peer.has("socat"), "skipped: no socat"))
    func socatsPipePasses() async throws {
        let ending = try await Peer.check(Self.patient) { port in
            ["socat", "TCP-LISTEN:\(port),fork,reuseaddr,bind=127.0.0.1,nodelay,backlog=128", "PIPE"]
        }
        #expect(ending.code == 0, "\(ending.output)")
    }

    /// It forgets what its `cat` still holds when a client has ended sending, and stalls in a stream.
    @Test(.enabled(if: Peer.has("ncat"), "skipped: no ncat"))
    func ncatIsFoundOut() async throws {
        let ending = try await Peer.check(["--timeout", "2s", "--skip", "together,cross-talk"]) { port in
            ["ncat", "-lk", "-e", "/bin/cat", "127.0.0.1", port]
        }
        #expect(ending.code == 1, "\(ending.output)")
        #expect(ending.output.contains("PASS  echo"))
        #expect(ending.output.contains("\nFAIL  half-close") && ending.output.contains("  short: "))
    }
}
