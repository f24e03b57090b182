// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Subprocess
import SystemPackage
import Testing

/// Runs of bench on a machine with few local ports: a network namespace has its own range.
@Suite struct BenchShortageTests {
    /// 40 local ports, of which the server takes 1. Without timestamps, the kernel can't take over a port in TIME_WAIT.
    private static func run(timestamps: Bool, _ script: String) async throws -> Tool.Ending {
        let settings = """
            set -e
            ip link set lo up
            cd /proc/sys/net/ipv4
            echo 0 > tcp_tw_reuse
            echo \(timestamps ? 1 : 0) > tcp_timestamps
            echo 40000 40039 > ip_local_port_range

            """
        let result = try await Subprocess.run(
            .name("unshare"),
            arguments: ["--user", "--map-root-user", "--net", "sh", "-c", settings + script, Tool.path.string],
            input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return Tool.Ending(
            code: Tool.code(result.terminationStatus), output: result.standardOutput, error: result.standardError)
    }

    private static func isAllowed() async -> Bool { (try? await run(timestamps: true, ""))?.code == 0 }

    private static let churn = "\"$0\" bench --mode churn --clients 2 --duration 100ms --warmup 0s"
    /// As many clients as there are ports, beside the first connection of the bench.
    private static let hold = "\"$0\" bench --mode hold --clients 40 --duration 50ms --warmup 0s"

    /// Each run makes more visits than there are ports, unless the machine is very busy.
    @Test(
        "successive churn runs reuse the ports of earlier visits",
        .enabled("no namespaces, or no ip(8)") { await isAllowed() })
    func successiveRunsReusePorts() async throws {
        let ending = try await Self.run(timestamps: true, [Self.churn, Self.churn, Self.churn].joined(separator: "\n"))
        #expect(ending.code == 0, "\(ending.output) \(ending.error)")
        #expect(!ending.output.contains("ran short"))
        #expect(ending.error == "")
    }

    @Test(
        "a shortage of local ports makes the run INVALID, exits with 2, and names the remedy",
        .enabled("no namespaces, or no ip(8)") { await isAllowed() })
    func shortageIsInvalid() async throws {
        let ending = try await Self.run(timestamps: false, Self.hold)
        #expect(ending.code == 2, "\(ending.output) \(ending.error)")
        #expect(ending.output.contains("INVALID: this machine ran short: connect: cannot assign requested address"))
        #expect(ending.output.contains("ip_local_port_range"))
        #expect(!ending.output.contains("FAIL"))
    }

    @Test(
        "a run without a local port for its first connection exits with 2 and names the remedy",
        .enabled("no namespaces, or no ip(8)") { await isAllowed() })
    func firstConnectionNamesRemedy() async throws {
        let ending = try await Self.run(
            timestamps: false,
            """
            "$0" serve --port 39999 > /dev/null 2>&1 &
            until "$0" check 127.0.0.1:39999 --only echo > /dev/null 2>&1; do :; done
            code=0
            \(Self.hold) 127.0.0.1:39999 > /dev/null || true
            \(Self.hold) 127.0.0.1:39999 || code=$?
            kill $!
            exit $code
            """)
        #expect(ending.code == 2, "\(ending.output) \(ending.error)")
        #expect(
            ending.error.contains(
                "could not be judged: connect to 127.0.0.1:39999: cannot assign requested address; remedy: wait 60 s"))
    }

    private static func canInject() async -> Bool {
        (try? await Tool.run(
            ["-f", "-qq", "-o", "/dev/null", "-e", "inject=getppid:error=EPERM", "true"], of: "/usr/bin/strace"))?.code
            == 0
    }

    /// The first and the second thread of the tool, and the first epoll instance and socket of the load.
    @Test(
        "a shortage of threads, descriptors or buffers before the run exits with 2 and names the remedy",
        .enabled("no strace, or it may not trace") { await canInject() },
        arguments: [
            ("clone3:error=EAGAIN:when=1", "raise ulimit -u"), ("clone3:error=EAGAIN:when=2", "raise ulimit -u"),
            ("epoll_create1:error=EMFILE:when=1", "raise ulimit -n"),
            ("socket:error=ENOBUFS:when=1", "free memory"), ("socket:error=ENOMEM:when=1", "free memory"),
            ("sendto:error=ENOBUFS:when=1+1", "free memory"),
        ])
    func shortagesBeforeTheRun(injection: String, remedy: String) async throws {
        try await withListener { address in
            let ending = try await Tool.run(
                ["-f", "-qq", "-o", "/dev/null", "-e", "inject=\(injection)"]
                    + [Tool.path.string, "bench", address, "--clients", "2", "--duration", "100ms", "--warmup", "0s"],
                of: "/usr/bin/strace")
            #expect(ending.code == 2)
            #expect(ending.error.hasPrefix("nitka: could not be judged: "), "\(ending.error)")
            #expect(ending.error.contains("; remedy: ") && ending.error.contains(remedy), "\(ending.error)")
        }
    }

    @Test(
        "a shortage during the run makes it INVALID and exits with 2, although errors are a gate",
        .enabled("no strace, or it may not trace") { await canInject() },
        arguments: ["socket:error=EMFILE:when=2+3", "sendto:error=ENOBUFS:when=2"])
    func shortagesDuringTheRun(injection: String) async throws {
        try await withListener { address in
            let ending = try await Tool.run(
                ["-f", "-qq", "-o", "/dev/null", "-e", "inject=\(injection)"]
                    + [Tool.path.string, "bench", address, "--mode", "churn", "--clients", "2", "--duration", "500ms"]
                    + ["--warmup", "0s", "--fail-if", "errors>0", "--fail-if", "rate<10M"],
                of: "/usr/bin/strace")
            #expect(ending.code == 2, "\(ending.output) \(ending.error)")
            #expect(ending.output.contains("INVALID: this machine ran short: "))
            #expect(!ending.output.contains("FAIL"))
        }
    }

    /// An echo server in this process: strace must not disturb it.
    private func withListener(_ body: (String) async throws -> Void) async throws {
        let server = try Server(on: "127.0.0.1:0")
        let threads = ThreadGroup()
        try threads.start(named: "accept") {
            _ = try? server.runTasksBlocking(loops: 1) { try await EchoService.serve($0) }
        }
        defer {
            server.endNow()
            #expect(threads.join(until: .now + .seconds(30)))
        }
        try await body("\(server.addresses[0])")
    }
}
