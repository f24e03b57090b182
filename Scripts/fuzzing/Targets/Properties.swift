// SPDX-License-Identifier: Apache-2.0

/// Traps with a message if a property does not hold; libFuzzer saves the input.
func expect(_ holds: Bool, _ message: @autoclosure () -> String, line: UInt = #line, file: StaticString = #fileID) {
    if !holds { fatalError(message(), file: file, line: line) }
}

/// Unwraps a value that must not be nil.
func required<Value>(_ value: Value?, _ message: @autoclosure () -> String, line: UInt = #line) -> Value {
    guard let value else { fatalError(message(), line: line) }
    return value
}

/// The value of a call that must not throw.
func succeeds<Value>(_ message: String, line: UInt = #line, _ body: () throws -> Value) -> Value {
    do {
        return try body()
    } catch {
        fatalError("\(message): \(error)", line: line)
    }
}

/// The text of an input; invalid bytes become U+FFFD, as in the arguments of a Swift program.
func text(of bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// 1 line that neither controls a terminal nor changes the direction of the text around it.
func expectHarmless(_ text: String, atMost limit: Int = 10_000, line: UInt = #line) {
    expect(text.utf8.count <= limit, "a text of \(text.utf8.count) bytes, limit \(limit)", line: line)
    // ASCII first: looking up a category is slow.
    if text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return }
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
            fatalError("U+\(String(scalar.value, radix: 16)) in \(text.debugDescription)", line: line)
        default: continue
        }
    }
}

/// Takes numbers and texts from an input; 0 and empty when it is used up.
struct InputReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func number() -> UInt64 { bytes(8).reduce(0) { $0 << 8 | UInt64($1) } }

    mutating func byte() -> Int { Int(rest.popFirst() ?? 0) }

    /// Any finite number.
    mutating func double() -> Double {
        let value = Double(bitPattern: number())
        return value.isFinite ? value : 0
    }

    /// Up to 255 bytes.
    mutating func text() -> String {
        let count = byte()
        return String(decoding: bytes(count), as: UTF8.self)
    }
}
