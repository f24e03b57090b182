// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage
import Testing

/// Wrong usage that other tools teach.
@Suite struct UnknownOptionTests {
    @Test(
        "an unknown option is reported before its value, with the option that was meant or all options",
        arguments: [
            ("bench -n 100", "unknown option -n; did you mean --duration?"),
            ("bench localhost:7 -n 100", "unknown option -n; did you mean --duration?"),
            ("bench --client 5", "unknown option --client; did you mean --clients?"),
            ("bench --cients=5", "unknown option --cients; did you mean --clients?"),
            ("bench -d5s", "unknown option -d5s; write a blank before the value: -d 5s"),
            ("check -c 5", "unknown option -c; did you mean --clients?"),
            ("check --clients 5 --sed 1", "unknown option --sed; did you mean --seed?"),
            ("serve -p 80", "unknown option -p; did you mean --port?"),
            ("serve --idle 5s", "unknown option --idle; did you mean --idle-timeout?"),
            ("serve --hlep", "unknown option --hlep; did you mean --help?"),
            ("connect -v", "unknown option -v; did you mean --verify?"),
            ("connect -p 80 host", "unknown option -p; write the address as one argument, HOST:PORT"),
            ("connect --nc", "unknown option --nc; the options are --timeout, --verify, --version, --help"),
            ("merge --out x", "unknown option --out; did you mean --output?"),
            ("compare --fail-if x", "unknown option --fail-if; did you mean --max-regress?"),
            ("serv", "unknown command serv; did you mean serve?"),
            ("foo", "unknown command foo; the commands are serve, connect, check, bench, merge, compare, help"),
        ])
    func unknownOption(arguments: String, sentence: String) async throws {
        let ending = try await Tool.run(arguments.split(separator: " ").map(String.init))
        #expect(ending.code == 64)
        #expect(ending.error.hasPrefix("Error: \(sentence)\nUsage: nitka"), "\(ending.error)")
    }

    @Test("an unknown option of check without a near one lists the options") func unknownOptionOfCheck() async throws {
        let ending = try await Tool.run(["check", "--interval", "1s"])
        #expect(ending.code == 64)
        #expect(
            ending.error.hasPrefix("Error: unknown option --interval; the options are --model, --clients, --rounds, "))
    }

    @Test("an unknown option is escaped for the terminal") func unknownOptionIsEscaped() async throws {
        let ending = try await Tool.run(["check", "--\u{1b}[31m"])
        #expect(ending.error.hasPrefix("Error: unknown option --\\u{1b}[31m; the options are "))
    }

    @Test(
        "other wrong usage keeps its own message",
        arguments: [
            ("bench --clients", "Missing value for '--clients <number>'"),
            ("bench --clients -5", "Missing value for '--clients <number>'"),
            ("connect", "Missing expected argument '<server>'"),
            ("connect -- -x", "Write HOST:PORT, as in "),
            ("connect localhost 7007", "Write a port after the host, as in localhost:7007."),
            ("connect localhost:0", "A port is a whole number from 1 to 65535."),
            ("bench -d 5", "from 10ms to 24h: write 5s."),
            ("bench -d 5h5", "from 10ms to 24h."),
            ("bench -d 99999999", "from 10ms to 24h."),
            ("serve 8080 --port 8081", "The address sets the host and the port: omit --host and --port."),
            ("serve localhost:8080 --host ::1", "The address sets the host and the port: omit --host and --port."),
            ("serve localhost", "Write a port after the host, as in localhost:7007."),
            ("serve 65536", "A port is a whole number from 0 to 65535."),
        ])
    func otherWrongUsage(arguments: String, sentence: String) async throws {
        let ending = try await Tool.run(arguments.split(separator: " ").map(String.init))
        #expect(ending.code == 64)
        #expect(ending.error.contains(sentence), "\(ending.error)")
        #expect(!ending.error.contains("unknown"))
    }

    @Test(
        "serve takes a port, or a host and a port, as its argument", .timeLimit(.minutes(1)),
        arguments: [
            (["0"], "127.0.0.1:"), (["127.0.0.2:0"], "127.0.0.2:"), (["0", "--host", "127.0.0.3"], "127.0.0.3:"),
            (["--port", "0", "--host", "127.0.0.4"], "127.0.0.4:"),
        ])
    func servesAtAddress(arguments: [String], host: String) async throws {
        let result = try await Subprocess.run(
            .path(Tool.path), arguments: Arguments(["serve"] + arguments), input: .none, output: .sequence,
            error: .discarded
        ) { execution in
            for try await line in execution.standardOutput.strings() where line.hasPrefix("listening on \(host)") {
                try execution.send(signal: .terminate)
            }
        }
        #expect(Tool.code(result.terminationStatus) == 0)
    }

    @Test(
        "an interface that this machine lacks is a failure of the run, not wrong usage",
        arguments: [["connect"], ["check"], ["bench"]])
    func absentInterface(command: [String]) async throws {
        let ending = try await Tool.run(command + ["[fe80::1%nope0]:7"])
        #expect(ending.code == 2)
        #expect((ending.output + ending.error).contains("look up fe80::1%nope0: no interface"), "\(ending)")
    }

    @Test("for Nagios, an interface that this machine lacks is UNKNOWN, with a line") func absentInterfaceForNagios()
        async throws
    {
        let ending = try await Tool.run(["check", "[fe80::1%nope0]:7", "--nagios"])
        #expect(ending.code == 3)
        #expect(
            ending.output.hasPrefix("ECHO UNKNOWN - could not be judged: look up fe80::1%nope0: no interface nope0 |"))
    }

    @Test("serve names an interface that this machine lacks") func absentInterfaceToListenOn() async throws {
        let ending = try await Tool.run(["serve", "--host", "fe80::1%nope0"])
        #expect(ending.code == 2)
        #expect(ending.error == "nitka: look up fe80::1%nope0: no interface nope0\n")
    }
}
