// SPDX-License-Identifier: Apache-2.0

@testable import Nitka
@testable import NitkaSystem

/// `HOST:PORT`: an accepted text prints as a text that parses to the same endpoint, and a refusal is harmless to print.
func fuzzAddresses(_ bytes: [UInt8]) {
    let input = text(of: bytes)
    do throws(NitkaError) {
        let endpoint = try Endpoint(input)
        let printed = endpoint.description
        expectHarmless(printed, atMost: 300)
        expect((1...253).contains(endpoint.host.utf8.count), "a host of \(endpoint.host.utf8.count) bytes")
        expect(
            succeeds("\(printed) does not parse", { try Endpoint(printed) }) == endpoint,
            "\(printed) parses to another endpoint")
        expect(
            succeeds("the host is refused", { try Endpoint(host: endpoint.host, port: endpoint.port) }) == endpoint,
            "host and port make another endpoint")
        resolve(endpoint)
    } catch {
        expectHarmless(error.description, atMost: 2500)
    }
}

/// Resolves a numeric address. A name is not looked up: a test sends nothing to a name server.
private func resolve(_ endpoint: Endpoint) {
    let host = endpoint.host.utf8
    guard host.contains(UInt8(ascii: ":")) || host.allSatisfy({ (46...57).contains($0) }) else { return }
    // The interface of a zone may not exist.
    guard let addresses = try? endpoint.resolved() else { return }
    expect(addresses.count == 1 && addresses[0].port == endpoint.port, "a numeric address resolves to \(addresses)")
    let again = succeeds("\(addresses[0]) does not parse") { try Endpoint(addresses[0].description).resolved() }
    expect(again == addresses, "\(addresses[0]) resolves to \(again)")
}

/// The addresses that accept(2) and getaddrinfo(3) return, byte by byte.
func fuzzSocketAddresses(_ bytes: [UInt8]) {
    // In memory of its own, so that Address Sanitizer sees a read beyond the end.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    if let base = memory.baseAddress, let raw = RawAddress(base, length: bytes.count) { expectRoundTrip(raw) }

    var input = InputReader(bytes)
    let port = UInt16(truncatingIfNeeded: input.number())
    expectRoundTrip(RawAddress(host: .v4(UInt32(truncatingIfNeeded: input.number())), port: port))
    // Without a scope: its text depends on the interfaces of the machine.
    expectRoundTrip(RawAddress(host: .v6(high: input.number(), low: input.number(), scope: 0), port: port))
}

private func expectRoundTrip(_ raw: RawAddress) {
    let copy = raw.withSockaddr { RawAddress(UnsafeRawPointer($0), length: Int($1)) }
    expect(copy == raw, "\(raw) becomes \(String(describing: copy)) as a sockaddr")
    let address = SocketAddress(raw)
    expectHarmless(address.description, atMost: 80)
    let endpoint = succeeds("\(address) does not parse") { try Endpoint(address.description) }
    expect(endpoint.port == raw.port, "\(endpoint) has another port")
    // A scope without an interface may be refused.
    guard let found = try? endpoint.resolved() else { return }
    expect(found == [address] || address.host.contains("%"), "\(address) resolves to \(found)")
    expect(!address.host.hasPrefix("::ffff:") || address.host.contains(":") && address.isIPv6, "a mapped \(address)")
}
