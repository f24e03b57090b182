// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Nitka

@Suite struct EscapedTextTests {
    @Test(
        "characters that could control a terminal are escaped",
        arguments: [
            ("plain", "plain"), ("a\nb\r\t", "a\\nb\\r\\t"), ("\u{1b}[2J", "\\u{1b}[2J"), ("\\n", "\\\\n"),
            ("\u{202e}x", "\\u{202e}x"), ("\u{2028}", "\\u{2028}"), ("\u{9b}1m", "\\u{9b}1m"), ("ж", "ж"),
            ("\u{7f}", "\\u{7f}"),
        ])
    func escapedCharacters(raw: String, escaped: String) {
        #expect(EscapedText(raw).description == escaped)
    }

    @Test("every byte is escaped to printable text, and long text is cut with a count") func escapedBytes() {
        for byte in UInt8.min...UInt8.max {
            let text = EscapedText(utf8: [byte]).description
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
        }
        #expect(EscapedText(utf8: [0xff, 0x41]).description == "\\xffA")
        #expect(EscapedText("abcdef", limit: 3).description == "abc… (3 bytes more)")
    }
}
