// SPDX-License-Identifier: Apache-2.0

/// Text from a peer, escaped for a log or a terminal: 1 line, without control characters and marks of direction.
///
/// Escapes, as `\n`, `\u{1b}`, or `\xff` for a byte that is not UTF-8: the categories Cc, Cf, Zl, Zp, Co and Cn of
/// Unicode, and the backslash. Cuts long text, and says how many bytes are missing.
public struct EscapedText: Sendable, CustomStringConvertible {
    /// The harmless text.
    public let description: String

    /// Escapes a string.
    ///
    /// - Parameters:
    ///   - text: the string.
    ///   - limit: the most characters of the original that are shown, 1 or more.
    public init(_ text: String, limit: Int = 200) { self.init(utf8: Array(text.utf8), limit: limit) }

    /// Escapes bytes that may or may not be UTF-8.
    ///
    /// - Parameters:
    ///   - bytes: the bytes.
    ///   - limit: the most characters of the original that are shown, 1 or more.
    public init(utf8 bytes: [UInt8], limit: Int = 200) {
        var decoder = UTF8()
        var position = bytes.startIndex
        var shown = ""
        var count = 0
        while position < bytes.endIndex {
            if count == limit {
                shown += "… (\(bytes.count - position) bytes more)"
                break
            }
            var rest = bytes[position...].makeIterator()
            decoder = UTF8()
            if case .scalarValue(let scalar) = decoder.decode(&rest) {
                shown += Self.escaped(scalar)
                position += UTF8.width(scalar)
            } else {
                shown += "\\x" + Self.hex(UInt32(bytes[position]), digits: 2)
                position += 1
            }
            count += 1
        }
        description = shown
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: isHarmless(scalar) ? String(Character(scalar)) : "\\u{" + hex(scalar.value, digits: 1) + "}"
        }
    }

    /// Not harmless: controls, marks of direction, invisible joiners, line separators and unassigned scalars.
    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }

    private static func hex(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
