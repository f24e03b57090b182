// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage
import Testing

/// Paths that exist only in a network namespace.
@Suite struct NamespaceTests {
    private static func run(_ script: String) async throws -> Tool.Ending {
        let result = try await Subprocess.run(
            .name("unshare"),
            arguments: ["--user", "--map-root-user", "--net", "--mount", "sh", "-c", script, Tool.path.string],
            input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return Tool.Ending(
            code: Tool.code(result.terminationStatus), output: result.standardOutput, error: result.standardError)
    }

    private static let setUp = "set -e; ip link set lo up; "

    private static func isAllowed() async -> Bool {
        (try? await run(setUp + "mount --bind /etc/passwd /etc/hosts"))?.code == 0
    }

    /// Each kind of blocked path that the kernel reports and the check has a reason for.
    @Test(
        "the JSON report names the reason of a blocked path",
        .enabled("no namespaces, or no ip(8)") { await isAllowed() },
        arguments: [
            ("", "unreachable", "203.0.113.1:7"),
            ("ip route add unreachable 192.0.2.0/24;", "unreachable", "192.0.2.1:7"),
            ("ip route add prohibit 192.0.2.0/24;", "not-permitted", "192.0.2.1:7"),
            ("ip route add 192.0.2.0/24 dev lo;", "timed-out", "192.0.2.1:7"),
            ("", "refused", "127.0.0.1:7"),
            ("", "not-found", "no-such-host.invalid:7"),
        ])
    func blockedPathsHaveReasons(route: String, reason: String, address: String) async throws {
        let ending = try await Self.run(
            Self.setUp + "\(route) exec \"$0\" check \(address) --timeout 200ms --json")
        #expect(ending.code == 2)
        #expect(ending.output.contains("\"reason\" : \"\(reason)\""), "\(ending.output) \(ending.error)")
    }

    /// The name has 3 addresses: one refuses, one does not answer, one serves.
    @Test(
        "a check of a name with dead addresses uses the working one and reports the others",
        .enabled("no namespaces, or no ip(8)") { await isAllowed() })
    func nameWithDeadAddresses() async throws {
        let ending = try await Self.run(
            Self.setUp
                + """
                ip route add 192.0.2.0/24 dev lo
                printf '127.0.0.9 many\\n192.0.2.1 many\\n127.0.0.1 many\\n' > /dev/shm/hosts.$$
                mount --bind /dev/shm/hosts.$$ /etc/hosts
                rm /dev/shm/hosts.$$
                "$0" serve --port 7007 > /dev/null 2>&1 &
                server=$!
                until "$0" check 127.0.0.1:7007 --only echo > /dev/null 2>&1; do sleep 0.05; done
                code=0
                "$0" check many:7007 --timeout 400ms --only echo,close || code=$?
                kill $server
                wait $server || true
                exit $code
                """)
        #expect(ending.code == 0, "\(ending.output) \(ending.error)")
        let text = ending.output.split { $0.isWhitespace }.joined(separator: " ")
        #expect(text.contains("connect to 127.0.0.9:7007: connection refused"), "\(text)")
        #expect(text.contains("connect to 192.0.2.1:7007: timed out after 400 ms"), "\(text)")
        #expect(text.contains("127.0.0.1:7007 accepts connections"), "\(text)")
    }
}
