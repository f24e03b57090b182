// SPDX-License-Identifier: Apache-2.0

extension Payload {
    /// A place in a client's stream.
    package struct Place: Hashable, Sendable {
        package var client: Int
        package var offset: UInt64
    }

    /// How many bytes it takes to be recognised.
    package static let recognisableBytes = 16

    /// Whose bytes begin here: from the first 16 of them, at whatever place of a chunk they stand; nil when there are
    /// fewer, or nobody's stream holds them.
    ///
    /// For each of the 256 places eight of the bytes give the key that they would have there; the eight beside them must
    /// have the same, and client and chunk that it names must have all 16. By chance that happens once in 2⁵⁵.
    package func recognise(_ bytes: RawSpan) -> Place? {
        guard bytes.byteCount >= Self.recognisableBytes else { return nil }
        let first = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt64.self)
        let second = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 8, as: UInt64.self)
        let piece = bytes.extracting(first: Self.recognisableBytes)
        let pattern = self.pattern.span.bytes
        for start in 0..<Self.chunkBytes {
            // Of two words that stand across the end of a chunk one is whole.
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
