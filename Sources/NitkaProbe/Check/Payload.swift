// SPDX-License-Identifier: Apache-2.0

internal import Nitka

/// Bytes that tell whose they are: a line for people, then numbers that only this client sends in this round.
struct Payload: Hashable {
    let bytes: [UInt8]

    init(client: Int, round: Int, size: Int) {
        let line = Array("client \(client), round \(round)\n".utf8)
        // SplitMix64: each seed gives another stream, and every byte of it depends on the whole seed.
        var state = UInt64(truncatingIfNeeded: client) << 32 | UInt64(truncatingIfNeeded: round)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        while bytes.count < size {
            if bytes.count < line.count {
                bytes.append(line[bytes.count])
                continue
            }
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            bytes.append(UInt8(truncatingIfNeeded: mixed ^ (mixed >> 31)))
        }
        self.bytes = bytes
    }
}
