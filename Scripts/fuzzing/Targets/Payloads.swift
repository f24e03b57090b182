// SPDX-License-Identifier: Apache-2.0

@testable import NitkaProbe

private let payload = Payload(seed: 7)
/// The streams are unique up to 16 TiB. Less than that: no input reads beyond.
private let limit: UInt64 = 1 << 44 - 1 << 13

/// What a server sends back, against the definition of the stream: byte by byte.
func fuzzPayloads(_ bytes: [UInt8]) {
    var input = InputReader(bytes)
    let client = Int(input.number() % (1 << 28))
    let offset = input.number() % limit
    let count = input.byte() * 4 + input.byte() % 4
    let own = payload.bytes(client: client, offset: offset, count: count)
    for index in own.indices {
        expect(own[index] == payload.byte(client: client, offset: offset + UInt64(index)), "byte \(index) is wrong")
    }
    expect(diagnosis(of: own, client, offset) == nil, "correct bytes are diagnosed")
    if count >= Payload.recognisableBytes {
        expect(
            payload.recognise(own) == Payload.Place(client: client, offset: offset), "a stream is not recognised")
    }

    let came = changed(own, &input)
    let first = zip(came, payload.bytes(client: client, offset: offset, count: came.count)).enumerated()
        .first { $0.element.0 != $0.element.1 }?.offset
    let found = diagnosis(of: came, client, offset)
    expect((found != nil) == (first != nil), "a difference at \(String(describing: first)) is diagnosed otherwise")
    guard let found, let first else { return }
    expect(found.client == client && found.offset == offset + UInt64(first), "a difference at \(first) is \(found)")
    expectHarmless(found.description, atMost: 200)
}

private func diagnosis(of bytes: [UInt8], _ client: Int, _ offset: UInt64) -> Diagnosis? {
    Diagnosis(of: bytes.span.bytes, client: client, offset: offset, in: payload)
}

/// Loses, repeats and replaces bytes as the input says.
private func changed(_ bytes: [UInt8], _ input: inout InputReader) -> [UInt8] {
    var bytes = bytes
    while !input.rest.isEmpty {
        let place = min(bytes.count, input.byte() * 4)
        let length = input.byte()
        let end = min(bytes.count, place + length)
        switch input.byte() % 4 {
        case 0: bytes.removeSubrange(place..<end)
        case 1: bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
        case 2: bytes.insert(contentsOf: input.bytes(length), at: place)
        default:
            let other = payload.bytes(client: input.byte(), offset: input.number() % limit, count: length)
            bytes.replaceSubrange(place..<end, with: other)
        }
        if bytes.count > 4096 { break }
    }
    return bytes
}
