// SPDX-License-Identifier: Apache-2.0

/// What happened to the bytes of a client's stream, derived from the bytes that arrived instead.
package struct Diagnosis: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// This number of bytes is missing, and the next ones arrived.
        case lost(UInt64)
        /// This number of bytes arrived a second time.
        case duplicated(UInt64)
        /// This number of bytes belongs to another client.
        case foreign(Int, client: Int)
        /// This number of bytes has other values; the bytes around them are correct.
        case changed(Int)
        /// This number of bytes belongs to no stream.
        case unsent(Int)
    }

    /// The client whose bytes were expected.
    package var client: Int
    /// The offset of the first difference in its stream.
    package var offset: UInt64
    package var kind: Kind

    /// `client 7, offset 4096: 512 bytes lost`.
    package var description: String { "client \(client), offset \(offset): \(finding)" }

    /// `512 bytes lost`.
    package var finding: String {
        switch kind {
        case .lost(let count): "\(Self.counted(count)) lost"
        case .duplicated(let count): "\(Self.counted(count)) duplicated"
        case .foreign(let count, let client): "\(Self.counted(UInt64(count))) of client \(client)"
        case .changed(let count): "\(Self.counted(UInt64(count))) changed"
        case .unsent(let count): "\(Self.counted(UInt64(count))) that no client sent"
        }
    }

    private static func counted(_ count: UInt64) -> String { count == 1 ? "1 byte" : "\(count) bytes" }

    /// How many bytes after a difference are searched for bytes of a stream.
    package static let reach = 1024

    package init(client: Int, offset: UInt64, kind: Kind) {
        self.client = client
        self.offset = offset
        self.kind = kind
    }

    /// Diagnoses bytes that should be a client's stream from an offset on; nil if they are.
    ///
    /// More bytes after the first difference allow a better diagnosis, up to ``reach``. Fewer than 16 bytes always count as
    /// changed.
    package init?(of bytes: RawSpan, client: Int, offset: UInt64, in payload: Payload) {
        guard let first = payload.firstDifference(in: bytes, client: client, offset: offset) else { return nil }
        self.client = client
        self.offset = offset + UInt64(first)
        kind = Self.kind(of: bytes.extracting(first..<bytes.byteCount), client, self.offset, payload)
    }

    private static func kind(of came: RawSpan, _ client: Int, _ offset: UInt64, _ payload: Payload) -> Kind {
        for start in 0..<min(max(0, came.byteCount - Payload.recognisableBytes + 1), reach) {
            let rest = came.extracting(start..<came.byteCount)
            let here = offset + UInt64(start)
            guard let place = place(of: rest, client, here, payload) else { continue }
            if place.client != client {
                let end = payload.firstDifference(in: rest, client: place.client, offset: place.offset)
                return .foreign(end ?? rest.byteCount, client: place.client)
            }
            if place.offset == here {
                return .changed(changes(in: came.extracting(0..<start), client, offset, payload))
            }
            if place.offset > here { return .lost(place.offset - here) }
            // Duplicated bytes are recognised at once. After bytes of no stream, an earlier offset is where the stream
            // continues: the first of those bytes looked correct by chance.
            let again = here - place.offset
            let isFarBack = again >= UInt64(start + Payload.recognisableBytes)
            return start == 0 || isFarBack ? .duplicated(again) : .unsent(Int(again))
        }
        let changes = changes(in: came, client, offset, payload)
        return came.byteCount < Payload.recognisableBytes ? .changed(changes) : .unsent(came.byteCount)
    }

    /// The stream and offset of bytes. The expected place is compared first, because that is much cheaper than a search.
    private static func place(
        of bytes: RawSpan, _ client: Int, _ offset: UInt64, _ payload: Payload
    ) -> Payload.Place? {
        let piece = bytes.extracting(first: Payload.recognisableBytes)
        return payload.firstDifference(in: piece, client: client, offset: offset) == nil
            ? Payload.Place(client: client, offset: offset) : payload.recognise(piece)
    }

    private static func changes(in bytes: RawSpan, _ client: Int, _ offset: UInt64, _ payload: Payload) -> Int {
        (0..<bytes.byteCount).count { index in
            bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                != payload.byte(client: client, offset: offset + UInt64(index))
        }
    }
}

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
