// SPDX-License-Identifier: Apache-2.0

import Nitka
import Subprocess
import Testing

/// Servers of others, which are sound: a check must say so.
@Suite struct PeerTests {
    @Test func pythonsThreadingServerPasses() async throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let script = "/\(root)/Benchmarks/peers/echo_threading.py"
        let port = try Listener(on: Endpoint("127.0.0.1:0")).addresses[0].port
        let result = try? await Subprocess.run(
            .name("python3"), arguments: [script, "\(port)"], input: .none, output: .sequence, error: .discarded
        ) { execution in
            for try await line in execution.standardOutput.strings() where line.hasPrefix("listening") { break }
            let arguments = ["check", "127.0.0.1:\(port)", "--timeout", "20s", "--bulk", "2MiB"]
            let ending = try? await Tool.run(arguments)
            try execution.send(signal: .terminate)
            return ending
        }
        guard let ending = result?.closureResult ?? nil else {
            print("skipped: no python3 to run \(script)")
            return
        }
        #expect(ending.code == 0, "\(ending.output)")
    }
}
