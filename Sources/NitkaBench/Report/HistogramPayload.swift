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
