// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Testing

@Suite struct ConnectTests {
    @Test("connect copies megabytes from a pipe to the server and back") func copiesMegabytes() async throws {
        let text = String(repeating: "0123456789abcdef", count: 200_000)
        try await withServer(EchoService.serve) { address in
            let ending = try await Tool.run(["connect", address, "--verify"], input: Array(text.utf8))
            #expect(ending.code == 0)
            #expect(ending.output == text)
        }
    }

    @Test("--verify exits with 1 and prints the offset of the first difference") func verifyNamesFirstDifference()
        async throws
    {
        let flip: @Sendable (Client) throws -> Void = { client in
            var offset = 0
            while var bytes = try client.read() {
                if (offset..<offset + bytes.count).contains(5000) { bytes[5000 - offset] ^= 1 }
                offset += bytes.count
                try client.write(bytes)
            }
        }
        try await withServer(flip) { address in
            let input = [UInt8](repeating: 65, count: 10_000)
            let ending = try await Tool.run(["connect", address, "--verify"], input: input)
            #expect(ending.code == 1)
            #expect(ending.error == "nitka: the first difference is at offset 5000: sent 65, received 64\n")
        }
    }

    @Test("--verify exits with 1 and prints how many bytes are missing") func verifyCountsMissingBytes() async throws {
        let drop: @Sendable (Client) throws -> Void = { client in while try client.read() != nil {} }
        try await withServer(drop) { address in
            let ending = try await Tool.run(["connect", address, "--verify"], input: [1, 2, 3])
            #expect(ending.code == 1)
            #expect(ending.error == "nitka: the first difference is at offset 0: 3 bytes missing\n")
        }
    }

    private func withServer(
        _ handler: @escaping @Sendable (Client) throws -> Void, _ body: (String) async throws -> Void
    ) async throws {
        let server = try Server(on: "127.0.0.1:0")
        let threads = ThreadGroup()
        try threads.start(named: "accept") { _ = try? server.run(.threads, handler) }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body("\(server.addresses[0])"))
        } catch {
            result = .failure(error)
        }
        server.endNow()
        #expect(threads.join(until: .now + .seconds(30)))
        try result.get()
    }
}
