// SPDX-License-Identifier: Apache-2.0

/// Bytes that identify their sender: an endless stream for each seed and client, in which any 16 bytes identify the client
/// and the offset.
///
/// A stream consists of chunks of 256 bytes, which are 32 words. Word j of chunk k is `key(client, k) ^ pattern[j]`. The
/// pattern comes from the seed; the key is an invertible mix of client and chunk. So a chunk costs one mix, and one XOR per
/// word. A position in the pattern yields the key, and the key yields client and chunk.
///
/// Unaligned bytes need no shifts: 8 bytes at any offset of a chunk are the 8 bytes of the pattern there XOR the rotated
/// key.
package struct Payload: Sendable {
    /// The seed of all streams: the same seed yields the same bytes.
    package let seed: UInt64
    let pattern: [UInt64]
    private let salt: UInt64

    static let chunkBytes = 256
    /// A key has 28 bits for the client and 36 bits for the chunk: 16 TiB per client.
    static let chunkBits: UInt64 = 36

    /// Creates the streams of a seed.
    package init(seed: UInt64) {
        self.seed = seed
        var state = seed
        salt = InvertibleMix.next(&state)
        pattern = (0..<32).map { _ in InvertibleMix.next(&state) }
    }

    /// Writes the bytes of a client's stream from an offset on.
    ///
    /// - Parameters:
    ///   - client: 0 to 268,435,455.
    ///   - offset: up to 16 TiB; beyond, the stream is not unique to the client.
    @inline(__always)
    package func fill(_ bytes: inout MutableRawSpan, client: Int, offset: UInt64) {
        fill(&bytes, first: bytes.byteCount, client: client, offset: offset)
    }

    /// As ``fill(_:client:offset:)-(MutableRawSpan,_,_)``, but only the first `count` bytes.
    @inline(__always)
    package func fill(_ bytes: inout MutableRawSpan, first count: Int, client: Int, offset: UInt64) {
        precondition(count <= bytes.byteCount, "the span has fewer than count bytes")
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

    /// The index of the first byte that differs from a client's stream from an offset on; nil if none does.
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

    /// Bytes of a client's stream as an array.
    package func bytes(client: Int, offset: UInt64, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        fill(&span, client: client, offset: offset)
        return bytes
    }

    /// One byte of a client's stream. It is the definition of the stream; the other functions are only faster.
    func byte(client: Int, offset: UInt64) -> UInt8 {
        let start = Int(offset & 255)
        let word = pattern[start / 8] ^ key(client, chunk: offset >> 8)
        return UInt8(truncatingIfNeeded: word >> UInt64(start % 8 * 8))
    }

    /// The next piece within one chunk: its offset in the chunk, its length, and the key of the chunk.
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

    /// The client and the chunk of a key.
    func owner(of key: UInt64) -> (client: Int, chunk: UInt64) {
        let value = InvertibleMix.unmix(key) ^ salt
        return (Int(value >> Self.chunkBits), value & (1 << Self.chunkBits - 1))
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014): every bit
/// of the result depends on every bit of the value, and the function is invertible.
package enum InvertibleMix {
    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// The inverse of ``mix(_:)``. A shift is inverted by repeating it until the word is used up, a multiplication by the
    /// inverse of the factor modulo 2⁶⁴.
    static func unmix(_ mixed: UInt64) -> UInt64 {
        var value = mixed ^ (mixed >> 31) ^ (mixed >> 62)
        value = value &* 0x3196_42b2_d24d_8ec3
        value = value ^ (value >> 27) ^ (value >> 54)
        value = value &* 0x96de_1b17_3f11_9089
        return value ^ (value >> 30) ^ (value >> 60)
    }

    /// The next pseudorandom number of a seed.
    package static func next(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return mix(state)
    }
}
