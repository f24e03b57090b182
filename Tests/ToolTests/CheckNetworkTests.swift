// SPDX-License-Identifier: Apache-2.0

import Testing

/// Checks over a network with faults: dead addresses, lost packets and a pulled cable.
@Suite(.timeLimit(.minutes(1))) struct CheckNetworkTests {
    private static let addresses = ["127.0.0.1", "::1"]

    /// The output without line breaks and columns.
    private func words(_ text: String) -> String { text.split { $0.isWhitespace }.joined(separator: " ") }

    /// The name has 2 addresses: one serves, and packets to the other are lost.
    @Test(
        "a dead address of a name is a finding in every report, and a failure with --all-addresses",
        .enabled("no namespaces, or no ip(8)") { await Namespace.isAllowed() })
    func deadAddressIsReported() async throws {
        let ending = try await Namespace.run(
            """
            ip route add 192.0.2.0/24 dev lo
            printf '192.0.2.1 pair\\n127.0.0.1 pair\\n' > hosts
            mount --bind hosts /etc/hosts
            serve
            for form in '' --json --nagios --all-addresses '--all-addresses --nagios'; do
                code=0
                nitka check pair:7007 --timeout 200ms --only echo $form || code=$?
                echo "exit $code"
            done
            """)
        let reports = words(ending.output).split(separator: " exit ")
        try #require(reports.count == 6, "\(ending.output) \(ending.error)")
        let codes = reports.dropFirst().map { $0.prefix(1) }
        #expect(codes == ["0", "0", "0", "1", "2"])
        let finding = "connect to 192.0.2.1:7007: timed out after 200 ms"
        #expect(reports.allSatisfy { $0.contains(finding) || $0.contains("192.0.2.1:7007 timed-out") || $0 == "2" })
        #expect(reports[0].hasSuffix("PASS: resolve, connect, echo; 1 of 2 addresses failed: 192.0.2.1:7007 timed-out"))
        #expect(reports[1].contains("\"reason\" : \"timed-out\""))
        #expect(reports[1].contains("\"checked_address\" : \"127.0.0.1:7007\""))
        #expect(reports[2].contains("ECHO OK - PASS: resolve, connect, echo; 1 of 2 addresses failed: 192.0.2.1:7007"))
        #expect(reports[3].contains("FAIL connect 2") && reports[3].contains("dead-address: 1 of 2 addresses failed:"))
        #expect(reports[3].contains("PASS echo"))
        #expect(reports[4].contains("ECHO CRITICAL - FAIL: connect: 1 of 2 addresses failed: \(finding)"))
    }

    /// The first SYN of the second connection is lost; the kernel repeats it after 1 s.
    @Test(
        "a lost SYN shows as a slow connection, also in the verdict",
        .enabled("no namespaces, or no nft(8)") { await Namespace.canDrop() })
    func lostSYNIsNamed() async throws {
        let ending = try await Namespace.run(
            """
            serve
            drop 'tcp dport 7007 tcp flags & (syn|ack) == syn numgen inc mod 3 == 1'
            nitka check $address --timeout 20s --only echo
            """)
        #expect(ending.code == 0, "\(ending.output) \(ending.error)")
        let text = words(ending.output)
        #expect(text.contains("single bytes; slowest connect "), "\(text)")
        #expect(text.contains("PASS: resolve, connect, echo; slowest connect "), "\(text)")
        #expect(text.hasSuffix(" s, in echo"), "\(text)")
    }

    /// Packets of a normal size: a packet of the loopback interface may hold 64 KiB.
    @Test(
        "on a path that loses packets, every model returns all bytes",
        .enabled("no namespaces, or no nft(8)") { await Namespace.canDrop() },
        arguments: ["threads", "tasks"], addresses)
    func lostPacketsLoseNoBytes(model: String, host: String) async throws {
        let ending = try await Namespace.run(
            """
            ip link set lo mtu 1500 gso_max_segs 1
            serve --model \(model)
            drop 'meta length > 200 tcp dport 7007 numgen inc mod 50 == 0' \\
                'meta length > 200 tcp sport 7007 numgen inc mod 50 == 0'
            nitka check $address --timeout 20s --bulk 512KiB --only integrity,half-close,close
            await_drop
            nitka bench $address --clients 8 --size 512 --warmup 0s --duration 300ms
            """, host: host)
        #expect(ending.code == 0, "\(ending.output) \(ending.error)")
        #expect(ending.output.contains("PASS: resolve, connect, integrity, half-close, close"), "\(ending.output)")
        #expect(words(ending.output).contains("errors 0 mismatches 0"), "\(ending.output)")
    }

    /// The rules drop every packet of the server and to it, so that no end of a connection is told anything.
    private static let pulled = "drop 'tcp dport 7007' 'tcp sport 7007'"

    @Test(
        "a cable that is pulled while a client is silent fails the stage",
        .enabled("no namespaces, or no nft(8)") { await Namespace.canDrop() }, arguments: addresses)
    func pulledCableFails(host: String) async throws {
        let ending = try await Namespace.run(
            """
            serve
            nitka check $address --idle 3s --timeout 200ms --only echo,idle > report &
            check=$!
            await report '^PASS  echo'
            \(Self.pulled)
            code=0
            wait $check || code=$?
            cat report
            exit $code
            """, host: host)
        #expect(ending.code == 1, "\(ending.output) \(ending.error)")
        #expect(ending.output.contains("\nFAIL  idle "), "\(ending.output)")
        #expect(ending.output.contains("\nFAIL: idle: client 1 "), "\(ending.output)")
    }

    @Test(
        "a cable that is pulled and plugged in again loses no byte",
        .enabled("no namespaces, or no nft(8)") { await Namespace.canDrop() }, arguments: addresses)
    func repluggedCableLosesNothing(host: String) async throws {
        let ending = try await Namespace.run(
            """
            serve
            nitka check $address --timeout 20s --bulk 64MiB --only echo,integrity,close > report &
            check=$!
            await report '^PASS  echo'
            \(Self.pulled)
            await_drop
            mend
            code=0
            wait $check || code=$?
            cat report
            exit $code
            """, host: host)
        #expect(ending.code == 0, "\(ending.output) \(ending.error)")
        #expect(ending.output.hasSuffix("PASS: resolve, connect, echo, integrity, close\n"), "\(ending.output)")
    }

    /// No packet tells the server that the client is gone: only its own limits end the connection.
    @Test(
        "the limits of a server end a client that can no longer be reached",
        .enabled("no namespaces, or no nft(8)") { await Namespace.canDrop() },
        arguments: ["threads", "tasks"],
        [
            Lost(
                client: "while sleep 0.05; do echo drip; done", rules: "'tcp dport 7007' 'tcp sport 7007'",
                limit: "--idle-timeout 500ms", reason: "idle timeout"),
            // The server still reads; the echo fills the buffers, and then a write makes no progress.
            Lost(
                client: "cat /dev/zero", rules: "'meta length > 200 tcp sport 7007'", limit: "--write-timeout 200ms",
                reason: "write timeout"),
        ])
    func limitsEndUnreachableClients(model: String, lost: Lost) async throws {
        for host in Self.addresses {
            let ending = try await Namespace.run(
                """
                serve --model \(model) \(lost.limit)
                (\(lost.client)) | nitka connect $address > echo 2>&1 &
                client=$!
                until [ -s echo ]; do sleep 0.02; done
                drop \(lost.rules)
                await log ' ended: '
                kill -TERM $server
                code=0
                wait $server || code=$?
                server=
                kill $client || true
                cat log
                exit $code
                """, host: host)
            #expect(ending.code == 0, "\(ending.output) \(ending.error)")
            #expect(ending.output.contains(" ended: \(lost.reason)"), "\(ending.output)")
            #expect(ending.output.contains("served 1 client, 0 cut off"), "\(ending.output)")
        }
    }

    /// A client, the packets that are lost, and the limit of the server that ends the connection.
    struct Lost: Sendable, CustomTestStringConvertible {
        var client: String
        var rules: String
        var limit: String
        var reason: String

        var testDescription: String { reason }
    }
}
