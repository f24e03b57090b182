// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Nitka
import Testing

/// What becomes of a stream where the kernel, or a sandbox, refuses splice(2).
@Suite struct StreamWayTests {
    @Test(
        .enabled("skipped: no strace, or it may not trace") { await Peer.canTrace() },
        arguments: [["threads"], ["iterative"], ["tasks"]],
        ["EPERM", "ENOSYS", "EINVAL", "ENOMEM"])
    func itStaysInMemory(model: [String], errno: String) async throws {
        // On a busy machine the bytes may come too slowly for a stream: then nothing is refused, and they come again.
        for _ in 1...10 {
            if try await isRefusedWhileTheBulkIsWhole(model, errno) { return }
        }
        Issue.record("no splice was tried")
    }

    private func isRefusedWhileTheBulkIsWhole(_ model: [String], _ errno: String) async throws -> Bool {
        try await withFolder { folder in
            let trace = "\(folder)/trace"
            let ending = try await Peer.check(["--only", "integrity", "--bulk", "8MiB"]) { port in
                [
                    "strace", "-f", "-qq", "-o", trace, "-e", "trace=splice", "-e", "inject=splice:error=\(errno)",
                    "\(Tool.path)", "serve", "--port", port, "--model",
                ] + model
            }
            #expect(ending.code == 0, "\(ending.output)\(ending.error)")
            return try String(contentsOfFile: trace, encoding: .utf8).contains("(INJECTED)")
        }
    }
}
