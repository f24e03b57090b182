// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import Testing

/// `nitka connect` with a terminal, which script(1) makes.
@Suite(.enabled(if: Peer.has("script"), "no script(1) to make a terminal")) struct ConnectTerminalTests {
    /// Runs connect and then reads a line, as a shell would.
    private func run(_ address: String, input: String) async throws -> Tool.Ending {
        try await Shell.run(
            """
            script -qec '\(Tool.path) connect \(address); echo "code $?"; read -t 0.01 line; echo "shell got <$line>"' \
            /dev/null
            """, input: input)
    }

    @Test("connect says that the server ended the stream, and the shell does not get the next line")
    func saysThatServerEnded() async throws {
        let ending = try await whileServing({ try $0.write(Array("bye\n".utf8)) }) { address in
            try await run(address, input: "first\nsecond\n")
        }
        let lines = ending.output.split { $0.isNewline }.map(String.init)
        #expect(lines.contains("bye"), "\(ending.output)")
        #expect(lines.contains("the server ended the stream"), "\(ending.output)")
        #expect(lines.contains("code 0"))
        // A terminal echoes a line that arrives even later.
        #expect(lines.contains("shell got <>"), "\(ending.output)")
    }

    @Test("connect does not say that the server ended if the input ended first") func inputEndedFirst() async throws {
        let ending = try await whileServing(EchoService.serve) { try await run($0, input: "hello\n\u{4}") }
        let lines = ending.output.split { $0.isNewline }.map(String.init)
        #expect(lines.contains { $0.hasPrefix("hello   (") }, "\(ending.output)")
        #expect(lines.contains("code 0"))
        #expect(!ending.output.contains("the server ended"))
    }
}
