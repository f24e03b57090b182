// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Nitka
import Subprocess
import SystemPackage
import Testing

/// What `serve --io` does where the kernel refuses an io_uring, or fails it now and then.
@Suite struct SendingWayTests {
    private static func serve(
        _ port: String, tracing call: String, _ failures: String, _ io: String, to trace: String = "/dev/null"
    ) -> [String] {
        [
            "strace", "-f", "-qq", "-o", trace, "-e", "trace=\(call)", "-e", "inject=\(call):\(failures)",
            "\(Tool.path)", "serve", "--port", port, "--model", "tasks", "--io", io, "--loops", "2",
        ]
    }

    /// The first ring only asks whether it is allowed; the others are the loops'.
    @Test(
        .enabled("skipped: no strace, it may not trace, or the kernel refuses an io_uring") { await canFailRings() },
        arguments: [
            ("error=EPERM", "operation not permitted; --io auto does without one where it has to"),
            ("error=ENOMEM:when=3", "cannot allocate memory"),
        ])
    func aRefusalIsOneSentence(failures: String, sentence: String) async throws {
        let command = Self.serve("0", tracing: "io_uring_setup", failures, "uring")
        let ending = try await Tool.run(Array(command.dropFirst()), of: "/usr/bin/strace")
        #expect(ending.code == 2)
        #expect(ending.output == "")
        #expect(ending.error == "nitka: make an io_uring: \(sentence)\n")
    }

    @Test(
        .enabled("skipped: no strace, it may not trace, or the kernel refuses an io_uring") { await canFailRings() },
        .timeLimit(.minutes(1)), arguments: ["", ":when=2"])
    func autoSaysThatItDoesWithout(which: String) async throws {
        let command = Self.serve("0", tracing: "io_uring_setup", "error=EPERM\(which)", "auto")
        // strace, which writes to a file, passes no signal on.
        var platform = PlatformOptions()
        platform.processGroupID = 0
        let result = try await Subprocess.run(
            .name(command[0]), arguments: Arguments(Array(command.dropFirst())), platformOptions: platform,
            input: .none, output: .sequence, error: .discarded
        ) { execution in
            var lines: [String] = []
            for try await line in execution.standardOutput.strings() {
                lines.append(line.filter { $0 != "\n" })
                if line.hasPrefix("every message") { try execution.send(signal: .terminate, toProcessGroup: true) }
            }
            return lines
        }
        let lines = result.closureResult
        #expect(lines.first?.hasPrefix("listening on ") == true)
        #expect(lines.contains("every message is sent by a call of its own: make an io_uring: operation not permitted"))
    }

    private static func canFailRings() async -> Bool { await Peer.canTrace() && (try? LoopIO.checkRing()) != nil }

    @Test(
        .enabled("skipped: no strace, or it may not trace") { await Peer.canTrace() },
        arguments: ["EPERM", "ENOSYS", "EMFILE", "ENOMEM"])
    func autoDoesWithout(errno: String) async throws {
        let ending = try await Self.bench { Self.serve($0, tracing: "io_uring_setup", "error=\(errno)", "auto") }
        #expect(ending.code == 0, "\(ending.output)\(ending.error)")
    }

    /// The kernel may take none of what it is handed, for want of memory: then every message goes by itself.
    @Test(
        .enabled("skipped: no strace, it may not trace, or the kernel refuses an io_uring") { await canFailRings() },
        // The first three calls only ask whether it is allowed.
        arguments: ["error=EAGAIN:when=4+", "error=EBUSY:when=4+2"])
    func sendsThatAreNotTakenGoByThemselves(failures: String) async throws {
        try await withFolder { folder in
            let trace = "\(folder)/trace"
            let ending = try await Self.bench {
                Self.serve($0, tracing: "io_uring_enter", failures, "uring", to: trace)
            }
            #expect(ending.code == 0, "\(ending.output)\(ending.error)")
            #expect(try String(contentsOfFile: trace, encoding: .utf8).contains("(INJECTED)"))
        }
    }

    /// Every echo is compared; so many clients talk that a loop has a batch of messages each time.
    private static func bench(_ command: (String) -> [String]) async throws -> Tool.Ending {
        try await Peer.run(
            { ["bench", $0, "--clients", "60", "--duration", "300ms", "--warmup", "50ms", "--timeout", "20s"] },
            against: command)
    }
}
