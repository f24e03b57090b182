// SPDX-License-Identifier: Apache-2.0

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
