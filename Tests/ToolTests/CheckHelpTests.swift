// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Testing

/// Runs each command of `nitka help check`, against a server where the command has an address.
@Suite struct CheckHelpTests {
    @Test("every example in the help of check runs with the expected exit code") func helpExamplesRun() async throws {
        let help = try await Tool.run(["help", "check"])
        let examples = help.output.split(separator: "\n").filter { $0.hasPrefix("  nitka check") }
            .map { $0.split(separator: " ").dropFirst().map(String.init) }
        #expect(examples.count >= 9)
        let server = try Server(on: "127.0.0.1:0")
        let threads = ThreadGroup()
        try threads.start(named: "accept") { _ = try? server.run { try EchoService.serve($0) } }
        defer {
            server.endNow()
            #expect(threads.join(until: .now + .seconds(30)))
        }
        for example in examples {
            let arguments = example.map { argument in
                switch argument {
                case "localhost:7007": "\(server.addresses[0])"
                case "report.xml": "/dev/null"
                default: argument
                }
            }
            let ending = try await Tool.run(arguments)
            let isBad = arguments.contains("iterative")
            #expect(ending.code == (isBad ? 1 : 0), "\(example): \(ending.output) \(ending.error)")
            #expect(ending.error == "")
        }
    }
}
