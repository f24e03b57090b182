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

    @Test func rightBytesHaveNone() { #expect(diagnosis(stream(5..<5000), from: 5) == nil) }

    @Test(arguments: [1, 3, 8, 512, 70_000]) func lostBytesAreCounted(count: UInt64) {
        let bytes = stream(1000..<4096) + stream(4096 + count..<9000 + count)
        #expect(diagnosis(bytes, from: 1000) == "client 7, offset 4096: \(count) \(count == 1 ? "byte" : "bytes") lost")
    }

    @Test(arguments: [1, 2, 17, 512, 3000]) func duplicatedBytesAreCounted(count: UInt64) {
        let bytes = stream(0..<4096) + stream(4096 - count..<9000)
        #expect(diagnosis(bytes) == "client 7, offset 4096: \(count) \(count == 1 ? "byte" : "bytes") duplicated")
    }

    @Test func anothersBytesAreNamed() {
        let bytes = stream(0..<4096) + stream(77..<589, of: 3) + stream(4608..<6000)
        #expect(diagnosis(bytes) == "client 7, offset 4096: 512 bytes of client 3")
    }

    @Test func changedBytesAreCounted() {
        var bytes = stream(0..<9000)
        bytes[4100] ^= 1
        #expect(diagnosis(bytes) == "client 7, offset 4100: 1 byte changed")
        bytes[4103] ^= 1
        bytes[4140] ^= 1  // Sixteen right ones lie between: another mishap.
        #expect(diagnosis(bytes) == "client 7, offset 4100: 2 bytes changed")
    }

    @Test func whatNobodySentIsSaid() {
        let inserted = stream(0..<300) + [UInt8](repeating: 0, count: 40) + stream(300..<900)
        #expect(diagnosis(inserted) == "client 7, offset 300: 40 bytes that nobody sent")
        let noise = stream(0..<300) + [UInt8](repeating: 0, count: 2000)
        #expect(diagnosis(noise) == "client 7, offset 300: 2000 bytes that nobody sent")
    }

    /// Once in 256 times the first of them looks right, once in 65,536 times the first two do.
    @Test(arguments: [1, 2]) func whatNobodySentMayLookRightAtFirst(count: UInt64) {
        let unsent = stream(4096..<4096 + count) + [1, 2, 3]
        let bytes = stream(0..<4096) + unsent + stream(4096..<9000)
        let place = "client 7, offset \(4096 + count)"
        #expect(diagnosis(bytes) == "\(place): \(unsent.count) bytes that nobody sent")
    }

    @Test func ofAFewBytesLittleIsSaid() {
        #expect(diagnosis(stream(0..<100) + [0, 0, 0]) == "client 7, offset 100: 3 bytes changed")
    }
}
