// SPDX-License-Identifier: Apache-2.0

internal import Nitka

/// Text for programs. It keeps every character: only ``Nitka/EscapedText`` rewrites text, for people.
package enum MachineText {
    /// JSON in which no character can control a terminal that shows it: such a character is written as `\u009b`.
    ///
    /// JSONEncoder escapes only the controls below U+0020. The values of the JSON do not change: characters beyond ASCII
    /// occur only within its strings.
    package static func harmless(json: String) -> String {
        if json.utf8.allSatisfy({ $0 < 0x7f }) { return json }
        var shown = ""
        for scalar in json.unicodeScalars {
            if scalar.value < 0x7f || EscapedText(String(scalar)).description.unicodeScalars.elementsEqual([scalar]) {
                shown.unicodeScalars.append(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                shown += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return shown
    }

    /// Received bytes as text: as they are if they are UTF-8, else as `bytes 15 03 ff`. Text is cut to a number of
    /// characters, and bytes to the same number.
    ///
    /// The result is not escaped: each writer escapes it once, for its destination.
    package static func received(_ bytes: [UInt8], limit: Int) -> String {
        func more(after shown: Int) -> String {
            let count = bytes.count - shown
            return count == 0 ? "" : "… (\(count) \(count == 1 ? "byte" : "bytes") more)"
        }
        if let text = String(validating: bytes, as: UTF8.self) {
            let shown = String(text.unicodeScalars.prefix(limit))
            return shown + more(after: shown.utf8.count)
        }
        let shown = bytes.prefix(limit)
        let digits = shown.map { String(0x100 + Int($0), radix: 16).dropFirst() }
        return "bytes \(digits.joined(separator: " "))\(more(after: shown.count))"
    }
}
