// SPDX-License-Identifier: Apache-2.0

/// Bytes that say whose they are: for every seed and client a stream without end, in which any 16 bytes tell the client
/// and their offset.
///
/// The stream is made of chunks of 256 bytes, 32 words each. Word j of chunk k is `key(client, k) ^ pattern[j]`: the
/// pattern comes from the seed, and the key is an invertible mix of client and chunk. So a chunk costs one mix and an
/// exclusive or for each word, and whoever finds the place in the pattern has the key, and with it client and chunk.
///
/// Bytes off the words' alignment need no shifting: eight bytes at any place of a chunk are the pattern's eight bytes
/// there and the key, rotated.
package struct Payload: Sendable {
    /// What all streams are made from: the same seed gives the same bytes.
    package let seed: UInt64
    let pattern: [UInt64]
    private let salt: UInt64

    static let chunkBytes = 256
    /// A key holds 28 bits of the client's number and 36 of the chunk's: 16 TiB a client.
    static let chunkBits: UInt64 = 36

    /// The streams of a seed.
    package init(seed: UInt64) {
        self.seed = seed
        var state = seed
        salt = InvertibleMix.next(&state)
        pattern = (0..<32).map { _ in InvertibleMix.next(&state) }
    }

    /// Writes what stands in a client's stream from the offset on.
    ///
    /// - Parameters:
    ///   - client: 0 to 268,435,455.
    ///   - offset: up to 16 TiB; beyond, the stream is no longer this client's alone.
    @inline(__always)
    package func fill(_ bytes: inout MutableRawSpan, client: Int, offset: UInt64) {
        fill(&bytes, first: bytes.byteCount, client: client, offset: offset)
    }

    /// As ``fill(_:client:offset:)-(MutableRawSpan,_,_)``, the first `count` bytes alone.
    @inline(__always)
    package func fill(_ bytes: inout MutableRawSpan, first count: Int, client: Int, offset: UInt64) {
        precondition(count <= bytes.byteCount, "there is no room for so many bytes")
        let pattern = self.pattern.span.bytes
        var done = 0
        while done < count {
            let (start, length, key) = piece(after: done, of: count, client, offset)
            Self.fill(&bytes, at: done, length, pattern, from: start, key)
            done &+= length
        }
    }

    /// As ``fill(_:client:offset:)-(MutableRawSpan,_,_)``.
    @inline(__always)
    package func fill(_ bytes: inout MutableSpan<UInt8>, client: Int, offset: UInt64) {
        var raw = bytes.mutableBytes
        fill(&raw, client: client, offset: offset)
    }

    /// Where bytes that should stand in a client's stream from the offset on first differ from it; nil when they are
    /// the same.
    @inline(__always)
    package func firstDifference(in bytes: RawSpan, client: Int, offset: UInt64) -> Int? {
        let count = bytes.byteCount
        let pattern = self.pattern.span.bytes
        var done = 0
        while done < count {
            let (start, length, key) = piece(after: done, of: count, client, offset)
            if Self.differ(bytes, at: done, length, pattern, from: start, key) {
                return self.place(ofDifferenceIn: bytes, from: done, client: client, offset: offset)
            }
            done &+= length
        }
        return nil
    }

    /// A piece of a client's stream in an array of its own.
    package func bytes(client: Int, offset: UInt64, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        fill(&span, client: client, offset: offset)
        return bytes
    }

    /// One byte of a client's stream: the definition, which all the rest only has to do faster.
    func byte(client: Int, offset: UInt64) -> UInt8 {
        let start = Int(offset & 255)
        let word = pattern[start / 8] ^ key(client, chunk: offset >> 8)
        return UInt8(truncatingIfNeeded: word >> UInt64(start % 8 * 8))
    }

    /// The next piece that lies in one chunk: where in it, how long, and the chunk's key.
    @inline(__always)
    private func piece(
        after done: Int, of count: Int, _ client: Int, _ offset: UInt64
    ) -> (start: Int, length: Int, key: UInt64) {
        let place = offset &+ UInt64(truncatingIfNeeded: done)
        let start = Int(truncatingIfNeeded: place & 255)
        return (start, min(Self.chunkBytes &- start, count &- done), key(client, chunk: place >> 8))
    }

    @inline(__always)
    func key(_ client: Int, chunk: UInt64) -> UInt64 {
        InvertibleMix.mix((UInt64(truncatingIfNeeded: client) << Self.chunkBits | chunk) ^ salt)
    }

    /// Client and chunk of a key.
    func owner(of key: UInt64) -> (client: Int, chunk: UInt64) {
        let value = InvertibleMix.unmix(key) ^ salt
        return (Int(value >> Self.chunkBits), value & (1 << Self.chunkBits - 1))
    }
}
