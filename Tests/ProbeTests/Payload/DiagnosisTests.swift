// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import NitkaProbe

@Suite struct DiagnosisTests {
    private let payload = Payload(seed: 3)

    private func stream(_ range: Range<UInt64>, of client: Int = 7) -> [UInt8] {
        payload.bytes(client: client, offset: range.lowerBound, count: range.count)
    }

    private func diagnosis(_ bytes: [UInt8], from offset: UInt64 = 0) -> String? {
        Diagnosis(of: bytes.span.bytes, client: 7, offset: offset, in: payload)?.description
    }

    @Test("correct bytes have no diagnosis") func rightBytesHaveNone() {
        #expect(diagnosis(stream(5..<5000), from: 5) == nil)
    }

    @Test("lost bytes are counted", arguments: [1, 3, 8, 512, 70_000]) func lostBytesAreCounted(count: UInt64) {
        let bytes = stream(1000..<4096) + stream(4096 + count..<9000 + count)
        #expect(diagnosis(bytes, from: 1000) == "client 7, offset 4096: \(count) \(count == 1 ? "byte" : "bytes") lost")
    }

    @Test("duplicated bytes are counted", arguments: [1, 2, 17, 512, 3000]) func duplicatedBytesAreCounted(
        count: UInt64
    ) {
        let bytes = stream(0..<4096) + stream(4096 - count..<9000)
        #expect(diagnosis(bytes) == "client 7, offset 4096: \(count) \(count == 1 ? "byte" : "bytes") duplicated")
    }

    @Test("bytes of another client are named as such") func anothersBytesAreNamed() {
        let bytes = stream(0..<4096) + stream(77..<589, of: 3) + stream(4608..<6000)
        #expect(diagnosis(bytes) == "client 7, offset 4096: 512 bytes of client 3")
    }

    @Test("changed bytes are counted") func changedBytesAreCounted() {
        var bytes = stream(0..<9000)
        bytes[4100] ^= 1
        #expect(diagnosis(bytes) == "client 7, offset 4100: 1 byte changed")
        bytes[4103] ^= 1
        bytes[4140] ^= 1  // A separate fault: at least 16 correct bytes precede it.
        #expect(diagnosis(bytes) == "client 7, offset 4100: 2 bytes changed")
    }

    @Test("bytes that no client sent are counted") func unsentBytesAreCounted() {
        let inserted = stream(0..<300) + [UInt8](repeating: 0, count: 40) + stream(300..<900)
        #expect(diagnosis(inserted) == "client 7, offset 300: 40 bytes that no client sent")
        let noise = stream(0..<300) + [UInt8](repeating: 0, count: 2000)
        #expect(diagnosis(noise) == "client 7, offset 300: 2000 bytes that no client sent")
    }

    /// By chance, the first byte looks correct once in 256 times, the first 2 bytes once in 65,536 times.
    @Test("bytes that no client sent may look correct at first", arguments: [1, 2])
    func unsentBytesMayLookCorrectAtFirst(count: UInt64) {
        let unsent = stream(4096..<4096 + count) + [1, 2, 3]
        let bytes = stream(0..<4096) + unsent + stream(4096..<9000)
        let place = "client 7, offset \(4096 + count)"
        #expect(diagnosis(bytes) == "\(place): \(unsent.count) bytes that no client sent")
    }

    @Test("a few wrong bytes count as changed") func ofAFewBytesLittleIsSaid() {
        #expect(diagnosis(stream(0..<100) + [0, 0, 0]) == "client 7, offset 100: 3 bytes changed")
    }
}
