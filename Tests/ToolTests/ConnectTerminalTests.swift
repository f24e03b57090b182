// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import Testing

/// `nitka connect` with a terminal, which script(1) makes.
@Suite(.enabled(if: Peer.has("script"), "no script(1) to make a terminal")) struct ConnectTerminalTests {
    /// Runs connect on a terminal, and prints its exit code.
    private func run(_ address: String, input: String) async throws -> Tool.Ending {
        try await Shell.run(
            """
            # Through a pipe of the shell's: this process would get the SIGPIPE if script(1) ended before it reads.
            printf '\(input)' | script -qec '\(Tool.path) connect \(address); echo "code $?"' /dev/null
            """)
    }

    @Test("connect on a terminal says that the server ended the stream, and exits with 0")
    func saysThatServerEnded() async throws {
        let ending = try await whileServing({ try $0.write(Array("bye\n".utf8)) }) { address in
            try await run(address, input: #"first\nsecond\n"#)
        }
        let lines = ending.output.split { $0.isNewline }.map(String.init)
        #expect(lines.contains("bye"), "\(ending.output)")
        #expect(lines.contains("the server ended the stream"), "\(ending.output)")
        #expect(lines.contains("code 0"))
        // What the shell gets is not asserted: a line that arrives after the end is not connect's to discard.
    }

    @Test("connect does not say that the server ended if the input ended first") func inputEndedFirst() async throws {
        let ending = try await whileServing(EchoService.serve) { try await run($0, input: #"hello\n\004"#) }
        let lines = ending.output.split { $0.isNewline }.map(String.init)
        #expect(lines.contains { $0.hasPrefix("hello   (") }, "\(ending.output)")
        #expect(lines.contains("code 0"))
        #expect(!ending.output.contains("the server ended"))
    }
}
