// SPDX-License-Identifier: Apache-2.0

/// What became of a client's bytes, told from what came instead of them.
package struct Diagnosis: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// So many of its bytes never came, the next ones did.
        case lost(UInt64)
        /// So many came a second time.
        case duplicated(UInt64)
        /// So many of another client's came.
        case foreign(Int, client: Int)
        /// So many are others than were sent; those around them are right.
        case changed(Int)
        /// So many came that no client sent.
        case unsent(Int)
    }

    /// Whose bytes they should have been.
    package var client: Int
    /// Where in its stream they first were not.
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
        case .unsent(let count): "\(Self.counted(UInt64(count))) that nobody sent"
        }
    }

    private static func counted(_ count: UInt64) -> String { count == 1 ? "1 byte" : "\(count) bytes" }

    /// How far to look for bytes that are somebody's, past a difference.
    package static let reach = 1024

    package init(client: Int, offset: UInt64, kind: Kind) {
        self.client = client
        self.offset = offset
        self.kind = kind
    }

    /// What is wrong with bytes that should stand in a client's stream from the offset on; nil when nothing is.
    ///
    /// The more bytes there are after the first difference the more can be told, up to ``reach``; with fewer than 16 all
    /// that can be said is that they were changed.
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
            // What came a second time is recognised at once. Behind bytes of nobody's it is what was due when they came,
            // of which the first may have looked right by chance.
            let again = here - place.offset
            let isFarBack = again >= UInt64(start + Payload.recognisableBytes)
            return start == 0 || isFarBack ? .duplicated(again) : .unsent(Int(again))
        }
        let changes = changes(in: came, client, offset, payload)
        return came.byteCount < Payload.recognisableBytes ? .changed(changes) : .unsent(came.byteCount)
    }

    /// Whose bytes these are. To see that they are the right ones costs less than to find out which others they are.
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
