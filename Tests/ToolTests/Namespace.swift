// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage

/// A network of its own, in which a script may drop packets and replace `/etc/hosts`.
enum Namespace {
    /// Defines what the scripts of the tests use. The current folder is empty, and only the script sees it.
    ///
    /// - `serve OPTIONS` starts a server on port 7007 of `$host`; `await FILE PATTERN` waits until a line of a file
    ///   matches; `await_drop` waits until a rule dropped a packet.
    /// - `drop RULE` adds a rule for incoming packets; `mend` removes all rules.
    private static let prelude = """
        set -e
        ip link set lo up
        mount -t tmpfs tmpfs /mnt
        cd /mnt
        server=
        trap 'if [ -n "$server" ]; then kill -9 $server; fi' EXIT
        nitka() { "$tool" "$@"; }
        await() { until grep -q "$2" $1; do sleep 0.02; done; }
        serve() { : > log; "$tool" serve --host $host --port 7007 "$@" >> log 2>&1 & server=$!; await log '^listening'; }
        drop() {
            nft add table inet cable
            nft 'add chain inet cable in { type filter hook input priority 0; policy accept; }'
            for rule; do nft add rule inet cable in "$rule" counter drop; done
        }
        await_drop() { until nft list table inet cable | grep -q 'packets [1-9]'; do sleep 0.02; done; }
        mend() { nft delete table inet cable; }

        """

    /// Runs a shell script in new namespaces for the user, the network and the mounts.
    ///
    /// - Parameter host: the value of `$host`; `$address` is port 7007 of it.
    static func run(_ script: String, host: String = "127.0.0.1") async throws -> Tool.Ending {
        let address = host.contains(":") ? "[\(host)]:7007" : "\(host):7007"
        let variables = "tool=$0; host=\(host); address=\(address)\n"
        let result = try await Subprocess.run(
            .name("unshare"),
            arguments: [
                "--user", "--map-root-user", "--net", "--mount", "timeout", "50", "sh", "-c",
                variables + prelude + script, Tool.path.string,
            ],
            input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return Tool.Ending(
            code: Tool.code(result.terminationStatus), output: result.standardOutput, error: result.standardError)
    }

    static func isAllowed() async -> Bool { (try? await run("mount --bind /etc/passwd /etc/hosts"))?.code == 0 }

    /// Whether a rule of nft(8) can drop packets.
    static func canDrop() async -> Bool { (try? await run("drop 'tcp dport 7'; mend"))?.code == 0 }
}
