// SPDX-License-Identifier: Apache-2.0

import Testing

/// `nitka serve` among signals, a reader that stops, and a machine without /proc.
@Suite struct ServeSurroundingsTests {
    /// Starts a server in the background, with its output in the file `out`, and waits until it listens.
    private static func serving(_ prefix: String = "", _ options: String = "") -> String {
        """
        cd "$(mktemp -d)"
        \(prefix) '\(Tool.path)' serve --port 0 \(options) > out 2> errors &
        server=$!
        for _ in $(seq 1000); do grep -q '^listening on' out && break; sleep 0.02; done
        port=$(sed -n 's/^listening on .*://p' out)

        """
    }

    @Test("a crash signal from another process ends serve") func crashSignal() async throws {
        let ending = try await Shell.run(
            Self.serving("SWIFT_BACKTRACE=enable=yes,images=none,color=no")
                + "kill -SEGV $server; wait $server; echo $?")
        #expect(ending.output.hasSuffix("139\n"), "\(ending.output)\(ending.error)")
    }

    @Test("serve ignores SIGUSR1 and SIGUSR2, and a SIGHUP without a terminal") func ignoredSignals() async throws {
        let ending = try await Shell.run(
            Self.serving("setsid") + """
                kill -USR1 $server; kill -USR2 $server; kill -HUP $server
                exec 3<>/dev/tcp/127.0.0.1/$port; echo hello >&3; head -n 1 <&3; exec 3>&-
                kill -TERM $server; wait $server; echo $?
                """)
        #expect(ending.output == "hello\n0\n", "\(ending.output)\(ending.error)")
    }

    @Test("serve ends although nothing reads its output, with the exit code of the drain")
    func stoppedReader() async throws {
        let ending = try await Shell.run(
            """
            cd "$(mktemp -d)"
            mkfifo log
            # Opened for both, the pipe has a reader that never reads; the blanks fill it but for the first line.
            exec 4<>log
            '\(Tool.path)' serve --port 0 >&4 2> errors &
            server=$!
            read -r line <&4
            port=${line##*:}
            head -c 65000 /dev/zero >&4
            for _ in $(seq 20); do
                exec 3<>/dev/tcp/127.0.0.1/$port; echo hello >&3; head -n 1 <&3 > echo; exec 3>&-
            done
            kill -TERM $server; wait $server; echo $?
            cat errors
            """)
        #expect(ending.output.hasPrefix("0\nnitka: "), "\(ending.output)\(ending.error)")
        #expect(ending.output.hasSuffix(" not written: standard output is full\n"), "\(ending.output)")
    }

    @Test(
        "serve serves without /proc",
        .enabled("no namespaces") { await Namespace.canDrop() })
    func noProc() async throws {
        let ending = try await Shell.run(
            "unshare -m bash -s <<'END'\numount -l /proc\n" + Self.serving() + """
                exec 3<>/dev/tcp/127.0.0.1/$port; echo hello >&3; head -n 1 <&3; exec 3>&-
                kill -TERM $server; wait $server; echo $?
                END
                """)
        #expect(ending.output == "hello\n0\n", "\(ending.output)\(ending.error)")
    }
}
