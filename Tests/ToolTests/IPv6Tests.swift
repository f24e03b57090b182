// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

/// The forms of IPv6 addresses, with every command that opens or accepts connections.
@Suite(.enabled("no IPv6 loopback address") { canUseIPv6() }, .timeLimit(.minutes(1))) struct IPv6Tests {
    /// A server on an IPv4 address is reached at the address that is mapped into IPv6.
    @Test(
        "check, connect and bench reach a server on each form of a loopback address",
        arguments: [
            ("::1", "[::1]"), ("0:0:0:0:0:0:0:1", "[::1]"), ("::", "[0:0::1]"), ("::", "127.0.0.1"),
            ("127.0.0.1", "[::ffff:127.0.0.1]"), ("127.0.0.1", "[::ffff:7f00:1]"),
        ])
    func everyCommandConnects(host: String, target: String) async throws {
        let result = try await ServeProcess.run(["--host", host]) { server in
            let port = try Endpoint(server.address).port
            let address = "\(target):\(port)"
            let check = try await Tool.run(["check", address, "--timeout", "20s", "--only", "echo,together,close"])
            let connect = try await Tool.run(["connect", address, "--verify"], input: Array("line\n".utf8))
            let bench = try await Tool.run(
                ["bench", address, "--clients", "4", "--warmup", "0s", "--duration", "50ms"])
            return (server.address, [check, connect, bench])
        }
        let (address, endings) = result.value
        #expect(address.hasPrefix(host.contains(":") ? (host == "::" ? "[::]:" : "[::1]:") : "127.0.0.1:"))
        #expect(endings[..<2].map(\.code) == [0, 0], "\(endings)")
        // On a busy machine the run may be invalid: 2.
        #expect([0, 2].contains(endings[2].code), "\(endings)")
        #expect(endings[0].output.hasSuffix("PASS: resolve, connect, echo, together, close\n"))
        #expect(endings[1].output == "line\n")
        #expect(result.code == 0)
    }

    @Test(
        "a server on all addresses logs an IPv4 client without the prefix ::ffff",
        .enabled("no namespaces, or no ip(8)") { await Namespace.isAllowed() })
    func mappedPeerIsLoggedAsIPv4() async throws {
        let ending = try await Namespace.run(
            """
            host=::
            serve
            nitka check 127.0.0.1:7007 --timeout 20s --only echo
            await log ' ended: '
            cat log
            """)
        #expect(ending.code == 0, "\(ending.output) \(ending.error)")
        #expect(ending.output.contains("\nclient 1 from 127.0.0.1:"), "\(ending.output)")
        #expect(!ending.output.contains("ffff"), "\(ending.output)")
    }

    /// An address of the scope of a link is valid only with the interface that it belongs to.
    @Test(
        "a link-local address with its zone is served and checked, by the name and the number of the interface",
        .enabled("no namespaces, or no ip(8)") { await Namespace.isAllowed() })
    func linkLocalAddressNeedsZone() async throws {
        let ending = try await Namespace.run(
            """
            ip link add link0 type veth peer name link1
            ip link set link0 up
            ip link set link1 up
            ip address add fe80::7/64 dev link0 nodad
            host=fe80::7%link0
            serve
            number=$(ip -o link show link0 | cut -d: -f1)
            for zone in link0 $number; do
                nitka check "[fe80::7%$zone]:7007" --timeout 20s --only echo,together,close
            done
            echo line | nitka connect '[fe80::7%link0]:7007' --verify
            cat log
            """)
        #expect(ending.code == 0, "\(ending.output) \(ending.error)")
        #expect(ending.output.split(separator: "PASS: resolve, connect, echo, together, close").count == 3)
        #expect(ending.output.contains("\nlistening on [fe80::7%link0]:7007\n"), "\(ending.output)")
        #expect(ending.output.contains(" from [fe80::7%link0]:"), "\(ending.output)")
    }
}

private func canUseIPv6() -> Bool { (try? Listener(on: Endpoint("[::1]:0"))) != nil }
