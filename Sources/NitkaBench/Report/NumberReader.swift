// SPDX-License-Identifier: Apache-2.0

/// Reads big-endian integers from bytes.
struct NumberReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next<Number: FixedWidthInteger>(_: Number.Type) throws(ReportError) -> Number {
        try bytes(Number.bitWidth / 8).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func bytes(_ count: Int) throws(ReportError) -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw ReportError("the histogram ends too early") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}

extension [UInt8] {
    /// Appends an integer in big-endian order.
    mutating func append<Number: FixedWidthInteger>(number: Number) {
        for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
