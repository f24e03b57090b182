// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaKernel
internal import NitkaProbe

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Judge the path to an echo server: reachable, unharmed, served at once.",
        discussion: """
            Stages: resolve, connect, echo, integrity, half-close, together (all clients connect before any of them \
            speaks), cross-talk, idle (with --idle), close. One that can't be judged because an earlier one failed is \
            skipped. Without an address it starts a server of its own on a free port, and checks that.

            Examples:
              nitka check
              nitka check --model iterative
              nitka check localhost:7007 --clients 100 --bulk 64MiB
              nitka check localhost:7007 --only together,cross-talk --repeat 3
              nitka check localhost:7007 --idle 2s --skip integrity
              nitka check localhost:7007 --json
              nitka check localhost:7007 --junit report.xml
              nitka check localhost:7007 --nagios
              nitka check localhost:1 --expect refused

            Exit code 0: PASS. 1: FAIL. 2: nothing could be judged, since nothing takes connections there. With --nagios \
            they are what Nagios wants: 0 OK, 2 CRITICAL, 3 UNKNOWN.
            """)

    @Argument(help: "The server, HOST:PORT; without it, one of our own.", transform: endpoint)
    var server: Endpoint?

    @Option(help: "Who carries a client of the server that is started here.")
    var model: ServingModel?

    @OptionGroup var how: CheckOptions

    @Flag(help: "Print the report as JSON.")
    var json = false

    @Flag(help: "Print one line for Nagios, and exit as it wants.")
    var nagios = false

    @Option(help: ArgumentHelp("Write the report as JUnit's XML to a file too.", valueName: "file"))
    var junit: String?

    func validate() throws {
        if server != nil, model != nil {
            throw ValidationError(
                "--model is for the server that is started here: leave out the address, or the model.")
        }
        if server == nil, how.expect != nil {
            throw ValidationError("--expect is about a path that is there: say which, HOST:PORT.")
        }
        if json, nagios { throw ValidationError("--json and --nagios both take standard output: leave out one.") }
    }

    func run() throws {
        ProcessLimit.descriptors.raise(to: 2 * how.clients + 64)
        do {
            try show(server.map(check) ?? checkOwn())
        } catch let error as NitkaError {
            complain("\(error)")
            throw nagios ? Exit.unknownToMonitor : Exit.notJudged
        }
    }

    private func check(_ endpoint: Endpoint) -> CheckReport { EchoCheck(endpoint, how.settings).run() }

    private func checkOwn() throws -> CheckReport {
        try withServer(
            of: model ?? .threads, limits: how.limitsOfOwn,
            saying: { text in if !json, !nagios { say("checking \(text)") } },
            check)
    }

    private func show(_ report: CheckReport) throws {
        if json {
            say(report.json().dropLast().description)
        } else if nagios {
            say(report.nagiosLine())
        } else {
            for line in CheckTable(report).lines(unicode: TextStyle.isUnicode) { say(line) }
        }
        if let junit {
            do {
                try TextFile.write(report.junit(), to: junit)
            } catch {
                complain("\(error)")
                throw nagios ? Exit.unknownToMonitor : Exit.notJudged
            }
        }
        try end(report)
    }

    private func end(_ report: CheckReport) throws {
        if nagios {
            if report.nagiosCode != 0 { throw ExitCode(report.nagiosCode) }
            return
        }
        switch report.verdict {
        case .passed: return
        case .failed: throw Exit.notGood
        case .notJudged: throw Exit.notJudged
        }
    }
}

extension Exit {
    /// What Nagios calls UNKNOWN.
    static let unknownToMonitor = ExitCode(3)
}

/// A server's address as an argument.
@Sendable func endpoint(_ text: String) throws -> Endpoint {
    do {
        let endpoint = try Endpoint(text)
        guard endpoint.port > 0 else {
            throw ValidationError("A port to connect to is a whole number from 1 to 65535.")
        }
        return endpoint
    } catch let error as NitkaError {
        throw ValidationError("\(error.reason)".prefix(1).uppercased() + "\(error.reason)".dropFirst() + ".")
    }
}
