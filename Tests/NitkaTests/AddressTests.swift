// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

@Suite struct AddressTests {
    @Test(
        "an endpoint prints as the text that it was parsed from",
        arguments: ["127.0.0.1:7007", "[::1]:7007", "localhost:0", "a-b.example.org:65535", "[fe80::1%lo]:7"])
    func endpointRoundTrip(text: String) throws {
        #expect(try Endpoint(text).description == text)
    }

    @Test(
        "text that is no endpoint is refused",
        arguments: [
            "", ":", ":7", "a", "127.0.0.1", "127.0.0.1:", "127.0.0.1:+80", "127.0.0.1:065", "127.0.0.1:65536",
            "127.1:7", "256.0.0.1:7", "0x7f.1:7", "::1:7", "[::1]", "[::1:7", "[127.0.0.1]:7", "[]:7", "a b:7",
            "a\u{0}:7", "-a:7", "a..b:7", "127.0.0.1: 7", "127.0.0.1:7 ", "é:7", "127.0.0.1:-1", "127.0.0.1:1e3",
            "1.2.3.4.5:7", "a:٧",
        ])
    func invalidEndpoint(text: String) {
        #expect(throws: NitkaError.self) { try Endpoint(text) }
    }

    @Test("a mapped IPv4 address is an IPv4 address, in text and as a source") func mappedIPv4() {
        let mapped = SocketAddress(RawAddress(host: .v6(high: 0, low: 0xffff_7f00_0001, scope: 0), port: 7))
        #expect(mapped.description == "127.0.0.1:7")
        #expect(Source(mapped) == .v4(0x7f00_0001))
    }

    @Test("all addresses of one IPv6 network (/64) are one source") func sourceOfIPv6() throws {
        let one = try #require(RawAddress.Host(numeric: "2001:db8:1:2:3::1"))
        let other = try #require(RawAddress.Host(numeric: "2001:db8:1:2:ffff::9"))
        let third = try #require(RawAddress.Host(numeric: "2001:db8:1:3::1"))
        let sources = [one, other, third].map { Source(SocketAddress(RawAddress(host: $0, port: 1))) }
        #expect(sources[0] == sources[1])
        #expect(sources[0] != sources[2])
    }

    @Test("an IPv6 address keeps its bytes in order, from text to the kernel and back") func bytesOfIPv6() throws {
        let host = try #require(RawAddress.Host(numeric: "102:304:506:708:90a:b0c:d0e:f10"))
        #expect(host == .v6(high: 0x0102_0304_0506_0708, low: 0x090a_0b0c_0d0e_0f10, scope: 0))
        #expect(host.text == "102:304:506:708:90a:b0c:d0e:f10")
    }
}
