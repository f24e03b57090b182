// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Nitka
import Testing

/// A kernel or a sandbox that refuses splice(2).
@Suite struct SpliceTests {
    @Test(
        "a bulk stream arrives complete if the kernel refuses splice(2)",
        .enabled("no strace, or it may not trace") { await Peer.canTrace() },
        arguments: [["threads"], ["iterative"], ["tasks"]],
        ["EPERM", "ENOSYS", "EINVAL", "ENOMEM"])
    func refusedSpliceFallsBack(model: [String], errno: String) async throws {
        // On a busy machine the bytes may arrive too slowly for the server to use splice: then try again.
        for _ in 1...10 {
            if try await passesWithRefusedSplice(model, errno) { return }
        }
        Issue.record("the server never called splice")
    }

    private func passesWithRefusedSplice(_ model: [String], _ errno: String) async throws -> Bool {
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
