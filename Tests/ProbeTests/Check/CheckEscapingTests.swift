// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Nitka
import NitkaProbe
import Testing

@testable import NitkaCheck

/// Text from a server is escaped once, by the writer, for its destination.
@Suite("Check: escaping") struct CheckEscapingTests {
    private static let reply = "HTTP/1.1 400 Bad Request\r\n\u{1b}[31m\u{9b}<\\"

    private func report(of reply: [UInt8]) async throws -> CheckReport {
        let server = FaultyServer(name: "sends one reply", findings: [.echo: .unsent]) { _ in
            { client, latch in
                _ = try client.read()
                try client.write(reply)
                latch.wait()
            }
        }
        return try await withFaultyServer(server, seed: 0) { endpoint in
            var settings = FaultyServer.quick
            settings.stages = [.echo]
            settings.timeout = .seconds(20)
            return await EchoCheck(endpoint, settings).run()
        }
    }

    @Test("each output escapes the reply of a server once")
    func repliesAreEscapedOnce() async throws {
        let report = try await report(of: Array(Self.reply.utf8))
        #expect(report[.echo]?.finding == "the reply is not an echo: \(Self.reply)")
        let shown = #"400 Bad Request\r\n\u{1b}[31m\u{9b}<\\"#
        #expect(CheckTable(report).lines(width: 500).filter { $0.contains(shown) }.count == 2)
        #expect(report.nagiosLine().contains(shown))
        #expect(report.junit().contains(#"400 Bad Request\r\n\u{1b}[31m\u{9b}&lt;\\"#))
        let json = report.json()
        #expect(json.contains(#"400 Bad Request\r\n\u001b[31m\u009b<\\""#), "\(json)")
        let document = try JSONDecoder().decode(Document.self, from: Data(json.utf8))
        #expect(document.stages.map(\.finding).contains("the reply is not an echo: \(Self.reply)"))
    }

    @Test("a reply that is not UTF-8 is shown as its bytes")
    func replyOfBytesIsShownAsBytes() async throws {
        let report = try await report(of: [0xff, 0xfd, 0x18])
        #expect(report[.echo]?.finding == "the reply is not an echo: bytes ff fd 18")
    }

    private struct Document: Decodable {
        struct Stage: Decodable { var finding: String }
        var stages: [Stage]
    }

    @Test(
        "received text is cut with the number of bytes that are missing",
        arguments: [
            ([UInt8]("abc".utf8), "abc"), ([UInt8]("äbcd".utf8), "äbc… (1 byte more)"), ([], ""),
            ([0xff], "bytes ff"), ([0, 0x0a, 0xff, 0xfe, 0xfd], "bytes 00 0a ff… (2 bytes more)"),
        ])
    func receivedTextIsCut(bytes: [UInt8], shown: String) {
        #expect(MachineText.received(bytes, limit: 3) == shown)
    }

    @Test(
        "JSON with characters that control a terminal becomes harmless, and keeps its value",
        arguments: [
            ("plain é ж 𝄞", "plain é ж 𝄞"), ("\u{9b}\u{7f}", #"\u009b\u007f"#), ("a\u{202e}b", #"a\u202eb"#),
            ("\u{e0001}", #"\udb40\udc01"#),
        ])
    func jsonIsHarmless(text: String, escaped: String) throws {
        let json = MachineText.harmless(json: "\"\(text)\"")
        #expect(json == "\"\(escaped)\"")
        #expect(try JSONDecoder().decode(String.self, from: Data(json.utf8)) == text)
    }
}
