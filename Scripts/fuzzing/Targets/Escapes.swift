// SPDX-License-Identifier: Apache-2.0

@testable import Nitka
@testable import NitkaProbe

/// Foreign text: escaped, it is harmless, bounded and, unless it is cut, reversible.
func fuzzEscapes(_ bytes: [UInt8]) {
    let limit = [1, 15, 200, 2000][bytes.count % 4]
    let escaped = EscapedText(utf8: bytes, limit: limit).description
    // An escape has up to 10 bytes (`\u{10ffff}`), and the end up to 40.
    expectHarmless(escaped, atMost: limit * 10 + 40)
    let isCut = bytes.count > limit && escaped.hasSuffix(" bytes more)")
    expect(isCut || unescaped(escaped) == bytes, "\(escaped) is not the escape of the bytes")
    // Text for programs is not escaped, but bounded: a character has up to 4 bytes.
    expect(MachineText.received(bytes, limit: limit).utf8.count <= limit * 4 + 60, "a long text of received bytes")
    let text = text(of: bytes)
    let markup = Markup.foreign(text)
    expectHarmless(markup, atMost: 400 * 10 + 40)
    expect(markup.utf8.allSatisfy { !Array("<>\"'".utf8).contains($0) }, "\(markup) contains markup")
    expect(plain(markup) == EscapedText(text, limit: 400).description, "\(markup) is another text")
}

/// The bytes of an escaped text.
private func unescaped(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
        guard scalar == "\\" else {
            bytes += Array(String(scalar).utf8)
            continue
        }
        switch rest.popFirst() {
        case "\\": bytes.append(0x5c)
        case "n": bytes.append(0x0a)
        case "r": bytes.append(0x0d)
        case "t": bytes.append(0x09)
        case "x":
            bytes.append(required(UInt8(String(rest.prefix(2)), radix: 16), "\(text) has a wrong byte"))
            rest = rest.dropFirst(2)
        case "u":
            let digits = String(rest.dropFirst().prefix { $0 != "}" })
            let value = required(UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init), "\(text) has a wrong scalar")
            bytes += Array(String(value).utf8)
            rest = rest.dropFirst(digits.count + 2)
        default: fatalError("\(text) has an unknown escape")
        }
    }
    return bytes
}

/// The text of an escaped markup.
private func plain(_ markup: String) -> String {
    let entities = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "#39": "'"]
    var text = ""
    var rest = markup.unicodeScalars[...]
    while let scalar = rest.popFirst() {
        guard scalar == "&" else {
            text.unicodeScalars.append(scalar)
            continue
        }
        let name = String(rest.prefix { $0 != ";" })
        text += required(entities[name], "\(markup) has an unknown entity")
        rest = rest.dropFirst(name.unicodeScalars.count + 1)
    }
    return text
}
