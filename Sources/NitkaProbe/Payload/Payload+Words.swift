// SPDX-License-Identifier: Apache-2.0

/// The inner loops over a piece of one chunk: 8 words at a time, then single words. The last word overlaps the previous
/// one, so that odd lengths need no loop over bytes.
extension Payload {
    private typealias Line = SIMD8<UInt64>

    /// The key for words that start at an offset in a chunk: its first byte belongs to offsets that are multiples of 8.
    @inline(__always)
    static func rotated(_ key: UInt64, to place: Int) -> UInt64 {
        let bits = UInt64(truncatingIfNeeded: place & 7) &* 8
        return key &>> bits | key &<< (64 &- bits)
    }

    /// Writes `length` bytes of a chunk, from offset `start` on, to `bytes[position...]`.
    @inline(__always)
    static func fill(
        _ bytes: inout MutableRawSpan, at position: Int, _ length: Int, _ pattern: RawSpan, from start: Int,
        _ key: UInt64
    ) {
        let turned = rotated(key, to: start)
        var done = 0
        while length &- done >= 64 {
            let line = pattern.unsafeLoadUnaligned(fromUncheckedByteOffset: start &+ done, as: Line.self)
            bytes.storeBytes(of: line ^ Line(repeating: turned), toUncheckedByteOffset: position &+ done, as: Line.self)
            done &+= 64
        }
        while length &- done >= 8 {
            let word = pattern.unsafeLoadUnaligned(fromUncheckedByteOffset: start &+ done, as: UInt64.self)
            bytes.storeBytes(of: word ^ turned, toUncheckedByteOffset: position &+ done, as: UInt64.self)
            done &+= 8
        }
        if done == length { return }
        if length >= 8 {
            let last = length &- 8
            let word = pattern.unsafeLoadUnaligned(fromUncheckedByteOffset: start &+ last, as: UInt64.self)
            let value = word ^ rotated(key, to: start &+ last)
            bytes.storeBytes(of: value, toUncheckedByteOffset: position &+ last, as: UInt64.self)
            return
        }
        while done < length {
            let byte = pattern.unsafeLoad(fromUncheckedByteOffset: start &+ done, as: UInt8.self)
            let value = byte ^ UInt8(truncatingIfNeeded: rotated(key, to: start &+ done))
            bytes.storeBytes(of: value, toUncheckedByteOffset: position &+ done, as: UInt8.self)
            done &+= 1
        }
    }

    /// True if `length` bytes at `bytes[position...]` differ from those of a chunk from offset `start` on.
    ///
    /// It compares all of them before it decides: a branch per word would cost more than the words.
    @inline(__always)
    static func differ(
        _ bytes: RawSpan, at position: Int, _ length: Int, _ pattern: RawSpan, from start: Int, _ key: UInt64
    ) -> Bool {
        let turned = rotated(key, to: start)
        var lines = Line()
        var words: UInt64 = 0
        var done = 0
        while length &- done >= 64 {
            let line = pattern.unsafeLoadUnaligned(fromUncheckedByteOffset: start &+ done, as: Line.self)
            let came = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position &+ done, as: Line.self)
            lines |= line ^ came ^ Line(repeating: turned)
            done &+= 64
        }
        while length &- done >= 8 {
            let word = pattern.unsafeLoadUnaligned(fromUncheckedByteOffset: start &+ done, as: UInt64.self)
            let came = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position &+ done, as: UInt64.self)
            words |= word ^ came ^ turned
            done &+= 8
        }
        if done < length, length >= 8 {
            let last = length &- 8
            let word = pattern.unsafeLoadUnaligned(fromUncheckedByteOffset: start &+ last, as: UInt64.self)
            let came = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position &+ last, as: UInt64.self)
            words |= word ^ rotated(key, to: start &+ last) ^ came
            done = length
        }
        while done < length {
            let byte = pattern.unsafeLoad(fromUncheckedByteOffset: start &+ done, as: UInt8.self)
            let came = bytes.unsafeLoad(fromUncheckedByteOffset: position &+ done, as: UInt8.self)
            words |= UInt64(byte ^ came ^ UInt8(truncatingIfNeeded: rotated(key, to: start &+ done)))
            done &+= 1
        }
        if length >= 64 {
            let half = lines.lowHalf | lines.highHalf
            let quarter = half.lowHalf | half.highHalf
            words |= quarter[0] | quarter[1]
        }
        return words != 0
    }

    /// The index of the first difference. It runs only when there is one.
    @inline(never)
    func place(ofDifferenceIn bytes: RawSpan, from start: Int, client: Int, offset: UInt64) -> Int? {
        (start..<bytes.byteCount).first { index in
            bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                != byte(client: client, offset: offset &+ UInt64(truncatingIfNeeded: index))
        }
    }
}
