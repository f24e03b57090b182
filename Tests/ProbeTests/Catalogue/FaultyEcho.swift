// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem

/// Knuth's MMIX generator. Its low bits are weak, so only the upper half of each state is used.
struct LinearCongruentialGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 { UInt64(half()) << 32 | UInt64(half()) }

    private mutating func half() -> UInt32 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt32(truncatingIfNeeded: state >> 32)
    }
}

/// Echoes, but replaces `count` bytes from the offset `place` on with the result of `corrupt`.
///
/// Holds these bytes until all of them have arrived.
func echo(
    _ client: Client, corrupting place: Int, _ count: Int = 1, _ corrupt: ([UInt8]) throws -> [UInt8]
) throws {
    var offset = 0
    var held: [UInt8] = []
    while let bytes = try client.read() {
        let here = (place..<place + count).clamped(to: offset..<offset + bytes.count)
        if here.isEmpty {
            try client.write(bytes)
        } else {
            let (start, end) = (here.lowerBound - offset, here.upperBound - offset)
            held += bytes[start..<end]
            let corrupted = held.count == count ? try corrupt(held) : []
            try client.write(Array(bytes[..<start] + corrupted + bytes[end...]))
        }
        offset += bytes.count
    }
}

/// Echoes the first bytes of a stream.
///
/// - Returns: the bytes that arrived with the last of them; nil if the stream ended before.
func echo(_ client: Client, first count: Int) throws -> [UInt8]? {
    var left = count
    while left > 0 {
        guard let bytes = try client.read() else { return nil }
        try client.write(Array(bytes.prefix(left)))
        if bytes.count >= left { return Array(bytes.dropFirst(left)) }
        left -= bytes.count
    }
    return []
}

/// Echoes, but swaps `count` bytes with another client once: in the first read past `place` that has as many.
func echo(_ client: Client, swapping count: Int, after place: Int, _ exchanger: Exchanger) throws {
    var offset = 0
    var hasSwapped = false
    while let bytes = try client.read() {
        if hasSwapped || offset < place || bytes.count < count {
            try client.write(bytes)
        } else {
            hasSwapped = true
            try client.write(exchanger.swap(Array(bytes.prefix(count))) + bytes.dropFirst(count))
        }
        offset += bytes.count
    }
}

/// Swaps the bytes of two threads that call it at the same time. A thread without a partner gets its own bytes back.
final class Exchanger: Sendable {
    private struct State {
        var offered: [UInt8]?
        var answer: [UInt8]?
    }

    private let state = Monitor(State())

    func swap(_ bytes: [UInt8]) -> [UInt8] {
        let taken = state.update { state -> [UInt8]? in
            guard state.answer == nil else { return bytes }
            guard let other = state.offered else {
                state.offered = bytes
                return nil
            }
            (state.offered, state.answer) = (nil, bytes)
            return other
        }
        if let taken { return taken }
        let answer = state.wait(until: .now + .milliseconds(100)) { state -> [UInt8]? in
            defer { state.answer = nil }
            return state.answer
        }
        if let answer { return answer }
        // Withdraw the offer: a partner that took it later would wait in vain. Or the answer arrived just now.
        return state.update { state in
            defer { (state.offered, state.answer) = (nil, nil) }
            return state.answer ?? bytes
        }
    }
}
