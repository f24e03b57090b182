// SPDX-License-Identifier: Apache-2.0

/// Numbers as they stand in a gate or on a command line, read strictly: digits, and where allowed a point and digits.
///
/// Swift's own parsers let more through: `+8`, `065`, `1e3`, `0x1p3`, `nan`, digits of other scripts.
package enum Numeral {
    /// A whole number without sign or leading zeros; nil for anything else, or what an Int can't hold.
    package static func whole(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return text.utf8.count > 1 && text.utf8.first == 48 ? nil : Int(text)
    }

    /// A number of up to nine digits before and six after the point: `5`, `0.1`.
    package static func decimal(_ text: Substring) -> Double? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].utf8.count <= 9, whole(parts[0]) != nil else { return nil }
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...6).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        }
        return Double(text)
    }

    /// The number at the beginning, and the unit behind it.
    package static func split(_ text: Substring) -> (number: Substring, unit: Substring) {
        let end = text.firstIndex { !("0"..."9").contains($0) && $0 != "." } ?? text.endIndex
        return (text[..<end], text[end...])
    }
}
