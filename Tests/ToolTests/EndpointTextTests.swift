// SPDX-License-Identifier: Apache-2.0

import Nitka
import Testing

/// What an endpoint that is refused says to write instead.
@Suite struct EndpointTextTests {
    @Test(
        "a malformed address is refused with what to write instead",
        arguments: [
            ("tcp://host:7007", "write HOST:PORT instead of a URL, as in host:7007"),
            ("tcp://[::1]:7007", "write HOST:PORT instead of a URL, as in [::1]:7007"),
            ("http://host/", "write HOST:PORT instead of a URL, as in host:80"),
            ("https://user@host/path?a=b:c", "write HOST:PORT instead of a URL, as in host:443"),
            ("http://a b", "write HOST:PORT instead of a URL, as in localhost:7007"),
            ("unix:/run/echo", "Unix sockets are not supported: write HOST:PORT, as in localhost:7007"),
            ("/run/echo", "Unix sockets are not supported: write HOST:PORT, as in localhost:7007"),
            ("0x7f000001", "write an IPv4 address as 4 decimal numbers, as in 127.0.0.1:7007"),
            ("0x7f000001:7", "write an IPv4 address as 4 decimal numbers, as in 127.0.0.1:7"),
            ("10.258:7", "write an IPv4 address as 4 decimal numbers, as in 10.0.1.2:7"),
            ("0xffffffffff:7", "write an IPv4 address as 4 decimal numbers, as in 127.0.0.1:7"),
            ("010.0.0.1:7", "write an IPv4 address as 4 decimal numbers, as in 127.0.0.1:7"),
            ("localhost 7007", "write a colon before the port, as in localhost:7007"),
            ("::1 7007", "write a colon before the port, as in [::1]:7007"),
            ("localhost", "write a port after the host, as in localhost:7007"),
            ("[::1]", "write a port after the host, as in [::1]:7007"),
            ("7007", "write a host before the port, as in localhost:7007"),
            (":7007", "write a host before the colon, as in localhost:7007"),
            ("::1", "write an IPv6 address in brackets, as in [::1]:7007"),
            ("fe80::1%eth1", "write an IPv6 address in brackets, as in [fe80::1%eth1]:7007"),
            ("[fe80::1]:7", "a link-local address needs its interface, as in [fe80::1%eth0]:7"),
            ("[febf::1]", "a link-local address needs its interface, as in [febf::1%eth0]:7007"),
            ("[fe80::1%]:7", "brackets enclose an IPv6 address, as in [::1]:7007 or [fe80::1%eth0]:7007"),
            ("[fe80::1%a/b]:7", "brackets enclose an IPv6 address, as in [::1]:7007 or [fe80::1%eth0]:7007"),
            ("localhost:http", "a port is a whole number from 0 to 65535"),
        ])
    func refusedAddress(text: String, allowed: String) {
        do throws(NitkaError) {
            _ = try Endpoint(text)
            Issue.record("\(text) is accepted")
        } catch {
            #expect("\(error.reason)" == allowed)
        }
    }

    @Test(
        "a malformed host is refused with what to write instead",
        arguments: [
            ("[::1]", "write the address without brackets, as in ::1"),
            ("localhost:7007", "write the host without the port 7007, as in localhost"),
            ("tcp://[::1]:7", "write a host instead of a URL, as in ::1"),
            ("unix:/run/echo", "Unix sockets are not supported: write a host, as in localhost"),
            ("0x7f000001", "write an IPv4 address as 4 decimal numbers, as in 127.0.0.1"),
            ("fe80::1", "a link-local address needs its interface, as in fe80::1%eth0"),
        ])
    func refusedHost(host: String, allowed: String) {
        do throws(NitkaError) {
            _ = try Endpoint(host: host, port: 7007)
            Issue.record("\(host) is accepted")
        } catch {
            #expect("\(error.reason)" == allowed)
        }
    }

    @Test(
        "names that look like another form are accepted",
        arguments: ["unix:7", "0xyz:7", "tcp:80", "a0x7f:7", "1.2.3.4.example:7", "[fec0::1]:7"])
    func unusualNames(text: String) throws { #expect(try Endpoint(text).description == text) }

    /// The same text must be right or wrong on each machine; an interface may appear later.
    @Test(
        "an interface that this machine lacks fails the look-up, not the parsing",
        arguments: ["nope0", "4294967295", "0"])
    func absentInterface(zone: String) throws {
        let endpoint = try Endpoint("[fe80::1%\(zone)]:7")
        #expect(endpoint.description == "[fe80::1%\(zone)]:7")
        do throws(NitkaError) {
            _ = try endpoint.resolved()
            Issue.record("\(endpoint) has an address")
        } catch {
            #expect("\(error)" == "look up fe80::1%\(zone): no interface \(zone)")
        }
    }

    @Test("an interface may be named or numbered") func interfaceByNameAndNumber() throws {
        // Linux gives the number 1 to lo in each namespace.
        for zone in ["lo", "1"] {
            #expect(try Endpoint("[fe80::1%\(zone)]:7").resolved().map(\.description) == ["[fe80::1%lo]:7"])
        }
    }
}
