// SPDX-License-Identifier: Apache-2.0

/// Parses numbers strictly: digits, and where allowed a point and more digits.
///
/// Swift's own parsers accept more: `+8`, `065`, `1e3`, `0x1p3`, `nan`, and digits of other scripts.
package enum Numeral {
    /// An integer without a sign or leading zeros; nil for other text, and for a number that does not fit into an Int.
    package static func whole(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return text.utf8.count > 1 && text.utf8.first == 48 ? nil : Int(text)
    }

    /// A number with up to 9 digits before the point and 6 after it: `5`, `0.1`.
    package static func decimal(_ text: Substring) -> Double? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].utf8.count <= 9, whole(parts[0]) != nil else { return nil }
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...6).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        }
        return Double(text)
    }

    /// Splits a text into the number at its beginning and the unit after it.
    package static func split(_ text: Substring) -> (number: Substring, unit: Substring) {
        // By bytes: the range of characters "0"..."9" contains digits with combining marks.
        let end = text.utf8.firstIndex { !(48...57).contains($0) && $0 != UInt8(ascii: ".") } ?? text.endIndex
        return (text[..<end], text[end...])
    }
}
