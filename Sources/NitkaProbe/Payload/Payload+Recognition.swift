// SPDX-License-Identifier: Apache-2.0

extension Payload {
    /// An offset in a client's stream.
    package struct Place: Hashable, Sendable {
        package var client: Int
        package var offset: UInt64
    }

    /// The number of bytes that recognition needs.
    package static let recognisableBytes = 16

    /// The stream and offset of the first 16 bytes; nil if there are fewer, or if no stream contains them.
    ///
    /// For each of the 256 positions in a chunk, 8 bytes yield a key. The 8 bytes next to them must yield the same key, and
    /// the client and chunk of that key must have all 16 bytes. By chance that happens once in 2⁵⁵.
    package func recognise(_ bytes: RawSpan) -> Place? {
        guard bytes.byteCount >= Self.recognisableBytes else { return nil }
        let first = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt64.self)
        let second = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 8, as: UInt64.self)
        let piece = bytes.extracting(first: Self.recognisableBytes)
        let pattern = self.pattern.span.bytes
        for start in 0..<Self.chunkBytes {
            // If the 2 words cross the end of a chunk, 1 of them is still within a chunk.
            let isFirstWhole = start <= 248
            let place = isFirstWhole ? start : (start &+ 8) & 255
            let here = pattern.unsafeLoadUnaligned(fromUncheckedByteOffset: place, as: UInt64.self)
            let turned = (isFirstWhole ? first : second) ^ here
            if start <= 240 {
                let beside = pattern.unsafeLoadUnaligned(fromUncheckedByteOffset: start &+ 8, as: UInt64.self)
                if second ^ beside != turned { continue }
            }
            let (client, chunk) = owner(of: Self.rotated(turned, to: -place))
            let (offset, isNowhere) = (chunk << 8 + UInt64(place)).subtractingReportingOverflow(isFirstWhole ? 0 : 8)
            if !isNowhere, firstDifference(in: piece, client: client, offset: offset) == nil {
                return Place(client: client, offset: offset)
            }
        }
        return nil
    }

    /// As ``recognise(_:)-(RawSpan)``.
    package func recognise(_ bytes: [UInt8]) -> Place? { recognise(bytes.span.bytes) }
}
