// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Nitka
import NitkaSystem
import Testing

/// When the loops of `serve` sleep before they wait.
@Suite struct NapTests {
    @Test(.enabled("skipped: no strace, or it may not trace") { await Peer.canTrace() })
    func aLoopNapsForStreams() async throws {
        // A machine that is busy with other tests interrupts the streams, and then there is a reason not to.
        for _ in 0..<5 where try await naps(under: { _ in }) > 0 { return }
        Issue.record("no nap in 20 seconds of a stream")
    }

    @Test(.enabled("skipped: no strace, or it may not trace") { await Peer.canTrace() })
    func aLoopHardlyNapsForWhoSendsMessages() async throws {
        let chain = ThreadChain()
        let count = try await naps(under: { try chat($0, chain) })
        #expect(chain.join(until: .now + .seconds(30)))
        // It naps thousands of times for the stream alone. Other tests may keep somebody from talking for a while.
        #expect(count < 1000)
    }

    /// Sends a byte ten times a second, until the server ends.
    private func chat(_ address: String, _ chain: ThreadChain) throws {
        try chain.start(named: "chat") {
            guard let client = try? Connection.open(to: Endpoint(address)) else { return }
            defer { client.close() }
            while (try? client.write([1])) != nil, (try? client.read()) != nil {
                _ = Monitor(false).wait(until: .now + .milliseconds(100)) { $0 ? true : nil }
            }
        }
    }

    /// How often the server naps in four seconds of a stream, and of what else is there.
    private func naps(under besides: (String) throws -> Void) async throws -> Int {
        try await withFolder { folder in
            let trace = "\(folder)/trace"
            var problem: (any Error)?
            let ending = try await Peer.run(
                { address in
                    do { try besides(address) } catch { problem = error }
                    return [
                        "bench", address, "--clients", "1", "--mode", "stream", "--duration", "4s", "--timeout", "20s",
                    ]
                },
                against: { port in
                    ["strace", "-f", "--seccomp-bpf", "-qq", "-o", trace, "-e", "trace=clock_nanosleep"]
                        + ["\(Tool.path)", "serve", "--port", port, "--model", "tasks", "--loops", "1"]
                })
            if let problem { throw problem }
            #expect(ending.code == 0 || ending.code == 2, "\(ending.output)\(ending.error)")
            return try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").count {
                $0.contains("clock_nanosleep(")
            }
        }
    }
}
