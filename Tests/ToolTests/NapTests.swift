// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

/// When the loops of `serve` sleep before they wait.
@Suite struct NapTests {
    @Test(.enabled("skipped: no strace, or it may not trace") { await Peer.canTrace() })
    func aLoopNapsForStreams() async throws {
        // A machine that is busy with other tests interrupts the streams, and then there is a reason not to.
        for _ in 0..<5 where try await naps(["--mode", "stream", "--size", "64KiB", "--duration", "4s"]) { return }
        Issue.record("no nap in 20 seconds of a stream")
    }

    @Test(.enabled("skipped: no strace, or it may not trace") { await Peer.canTrace() })
    func aLoopNapsForNoMessages() async throws {
        #expect(try await !naps(["--mode", "ping-pong", "--size", "64", "--duration", "2s"]))
    }

    /// Did the server nap under this load?
    private func naps(_ load: [String]) async throws -> Bool {
        try await withFolder { folder in
            let trace = "\(folder)/trace"
            let ending = try await Peer.run(
                { ["bench", $0, "--clients", "1", "--timeout", "20s"] + load },
                against: { port in
                    ["strace", "-f", "--seccomp-bpf", "-qq", "-o", trace, "-e", "trace=clock_nanosleep"]
                        + ["\(Tool.path)", "serve", "--port", port, "--model", "tasks", "--loops", "1"]
                })
            #expect(ending.code == 0 || ending.code == 2, "\(ending.output)\(ending.error)")
            return try String(contentsOfFile: trace, encoding: .utf8).contains("clock_nanosleep")
        }
    }
}
