// SPDX-License-Identifier: Apache-2.0

internal import Histogram

/// A histogram in HdrHistogram's V2 compressed encoding: a cookie, the length, and a zlib stream (RFC 1950) of the V2
/// encoding, which is a header of 40 bytes and the counts. All numbers are big-endian.
enum HistogramPayload {
    private static let compressedCookie: UInt32 = 0x1c84_9314
    private static let cookie: UInt32 = 0x1c84_9313
    private static let headerLength = 40

    static func encode(_ histogram: Histogram<UInt64>) -> [UInt8] {
        let counts = CountRuns.encode(HistogramCells(histogram).lazy.map(\.count))
        var plain: [UInt8] = []
        plain.append(number: cookie)
        plain.append(number: UInt32(counts.count))
        plain.append(number: UInt32(0))  // The offset of the cells.
        plain.append(number: UInt32(histogram.numberOfSignificantValueDigits.rawValue))
        plain.append(number: histogram.lowestDiscernibleValue)
        plain.append(number: histogram.highestTrackableValue)
        plain.append(number: Double(1).bitPattern)  // The ratio for conversion to integers.
        plain += counts
        let stream = StoredZlib.wrap(plain)
        var encoded: [UInt8] = []
        encoded.append(number: compressedCookie)
        encoded.append(number: UInt32(stream.count))
        return encoded + stream
    }

    /// Decodes a histogram. It must have the cells of ``BenchOutcome/histogram()``, so that adding rounds nothing.
    static func decode(_ bytes: [UInt8]) throws(ReportError) -> Histogram<UInt64> {
        var outer = NumberReader(bytes[...])
        guard try outer.next(UInt32.self) & ~0xf0 == compressedCookie & ~0xf0 else {
            throw ReportError("the histogram is not in the V2 compressed encoding")
        }
        guard Int(try outer.next(UInt32.self)) == outer.rest.count else {
            throw ReportError("the length of the histogram is wrong")
        }
        let plain = try StoredZlib.unwrap(outer.rest)
        var inner = NumberReader(plain[...])
        guard try inner.next(UInt32.self) & ~0xf0 == cookie & ~0xf0 else {
            throw ReportError("the histogram is not in the V2 encoding")
        }
        let length = Int(try inner.next(UInt32.self))
        try checkCells(&inner)
        guard length == inner.rest.count else { throw ReportError("the length of the histogram's counts is wrong") }
        return try histogram(of: inner.rest)
    }

    private static func checkCells(_ header: inout NumberReader) throws(ReportError) {
        let offset = try header.next(UInt32.self)
        let digits = try header.next(UInt32.self)
        let lowest = try header.next(UInt64.self)
        _ = try header.next(UInt64.self)  // The highest trackable value. Each cell is checked instead.
        guard offset == 0, digits == 3, lowest == 1, Double(bitPattern: try header.next(UInt64.self)) == 1 else {
            throw ReportError(
                "the histogram does not have 3 digits from 1 ns on, and nitka reads no others")
        }
    }

    private static func histogram(of counts: ArraySlice<UInt8>) throws(ReportError) -> Histogram<UInt64> {
        var histogram = BenchOutcome.histogram()
        var position: UInt64 = 0
        var runs = CountRuns(counts)
        while let cell = try runs.nextCell(from: &position, of: histogram) {
            // Far below where a sum of counts, or a count times 1 hour, overflows.
            guard cell.count < 1 << 40, histogram.totalCount < 1 << 40, histogram.record(cell.value, count: cell.count)
            else { throw ReportError("the histogram has a time of more than 1 hour, or too many times") }
        }
        return histogram
    }
}

/// zlib streams (RFC 1950) of stored blocks (RFC 1951, section 3.2.4). Every zlib reader accepts them.
///
/// The histogram of a second has a few kilobytes. Compression would need zlib, whose header many build machines lack.
enum StoredZlib {
    private static let longestBlock = 65_535

    static func wrap(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(longestBlock)
            rest = rest.dropFirst(longestBlock)
            let length = UInt16(block.count)
            stream.append(rest.isEmpty ? 1 : 0)
            stream += [UInt8(length & 0xff), UInt8(length >> 8), UInt8(~length & 0xff), UInt8(~length >> 8)]
            stream += block
        } while !rest.isEmpty
        stream.append(number: adler32(bytes))
        return stream
    }

    static func unwrap(_ stream: ArraySlice<UInt8>) throws(ReportError) -> [UInt8] {
        var reader = NumberReader(stream)
        let header = try reader.next(UInt16.self)
        guard header >> 8 & 0xf == 8, header % 31 == 0, header & 0x20 == 0 else {
            throw ReportError("the histogram is not a zlib stream")
        }
        var bytes: [UInt8] = []
        var isLast = false
        while !isLast {
            let kind = try reader.next(UInt8.self)
            guard kind >> 1 & 3 == 0 else {
                throw ReportError("the histogram is deflated, and nitka reads only stored ones")
            }
            isLast = kind & 1 == 1
            let length = try reader.next(UInt16.self).byteSwapped
            guard try reader.next(UInt16.self).byteSwapped == ~length else {
                throw ReportError("the histogram's zlib stream is damaged")
            }
            bytes += try reader.bytes(Int(length))
        }
        guard try reader.next(UInt32.self) == adler32(bytes), reader.rest.isEmpty else {
            throw ReportError("the histogram's zlib stream is damaged")
        }
        return bytes
    }

    /// RFC 1950, section 8.2.
    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var low: UInt32 = 1
        var high: UInt32 = 0
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }
}

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
