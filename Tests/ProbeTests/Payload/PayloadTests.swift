// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import NitkaProbe

@Suite struct PayloadTests {
    private let payload = Payload(seed: 7)

    /// The definition, one byte at a time.
    private func naive(client: Int, offset: UInt64, count: Int) -> [UInt8] {
        (0..<count).map { payload.byte(client: client, offset: offset + UInt64($0)) }
    }

    @Test("the mix is invertible") func theMixIsUndone() {
        var state: UInt64 = 1
        for value in [0, 1, .max, 1 << 63] + (0..<1000).map({ _ in InvertibleMix.next(&state) }) {
            #expect(InvertibleMix.unmix(InvertibleMix.mix(value)) == value)
        }
    }

    @Test("every offset and size follows the definition") func everyOffsetAndSizeIsAsDefined() {
        let whole = naive(client: 3, offset: 0, count: 1200)
        for offset in 0..<260 {
            for count in [0, 1, 2, 7, 8, 9, 15, 16, 63, 64, 65, 71, 255, 256, 257, 600] {
                let bytes = payload.bytes(client: 3, offset: UInt64(offset), count: count)
                #expect(bytes == Array(whole[offset..<offset + count]), "offset \(offset), \(count) bytes")
                #expect(payload.firstDifference(in: bytes.span.bytes, client: 3, offset: UInt64(offset)) == nil)
            }
        }
    }

    @Test("every changed byte is found") func everyChangedByteIsFound() {
        for (offset, count) in [(0, 1), (0, 64), (5, 300), (250, 13), (255, 517)] {
            let bytes = payload.bytes(client: 1, offset: UInt64(offset), count: count)
            for index in 0..<count {
                var changed = bytes
                changed[index] ^= 0x10
                #expect(payload.firstDifference(in: changed.span.bytes, client: 1, offset: UInt64(offset)) == index)
            }
        }
    }

    @Test("another stream differs within 8 bytes") func aDifferentStreamDiffersAlmostAtOnce() throws {
        let bytes = payload.bytes(client: 4, offset: 1000, count: 64)
        for (client, offset) in [(5, 1000), (4, 1001), (4, 1256), (4, 744)] {
            let place = payload.firstDifference(in: bytes.span.bytes, client: client, offset: UInt64(offset))
            #expect(try #require(place) < 8)
        }
        #expect(Payload(seed: 8).firstDifference(in: bytes.span.bytes, client: 4, offset: 1000) != nil)
    }

    @Test("16 bytes identify client and offset") func sixteenBytesTellWhoseTheyAre() {
        for client in [0, 1, 77, 268_435_455] {
            for offset in Array(0..<UInt64(520)) + [4096, 1_000_003, 1 << 43] {
                let found = payload.recognise(payload.bytes(client: client, offset: offset, count: 16))
                #expect(found == Payload.Place(client: client, offset: offset))
            }
        }
    }

    @Test("other bytes are not recognised") func otherBytesAreNotRecognised() {
        var state: UInt64 = 99
        for _ in 0..<2000 {
            let words = [InvertibleMix.next(&state), InvertibleMix.next(&state)]
            #expect(payload.recognise(words.span.bytes) == nil)
        }
        #expect(payload.recognise([UInt8](repeating: 0, count: 64)) == nil)
        #expect(payload.recognise(Payload(seed: 8).bytes(client: 1, offset: 0, count: 64)) == nil)
        #expect(payload.recognise(payload.bytes(client: 1, offset: 0, count: 15)) == nil)
    }
}
