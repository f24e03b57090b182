// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem
internal import NitkaCheck
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

            Control-C ends a check early with what was judged; a second one ends it at once.

            Exit code 0: PASS. 1: FAIL. 2: nothing could be judged, since nothing takes connections there, or the check \
            was ended early before anything failed. With --nagios they are what Nagios wants: 0 OK, 2 CRITICAL, \
            3 UNKNOWN.
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
        let interrupt = CheckInterrupt(secondExitsWith: notJudged.rawValue)
        let narrator = json || nagios ? nil : CheckNarrator(idle: how.idle?.duration)
        func check(_ endpoint: Endpoint) -> CheckReport {
            EchoCheck(endpoint, how.settings).runBlocking(interruptedBy: interrupt.interruption) { narrator?.show($0) }
        }
        let report: CheckReport
        do {
            ProcessLimit.descriptors.raise(to: (server == nil ? 2 : 1) * how.clients + 64)
            report = try server.map(check) ?? checkOwn(check)
        } catch {
            complain(EscapedText("\(error)", limit: 400).description)
            throw notJudged
        }
        narrator?.finish(report)
        try write(report)
        if let code = code(of: report) { throw code }
    }

    /// It shares our descriptors: with too few of them it would be judged for what is our fault.
    private func checkOwn(_ check: (Endpoint) -> CheckReport) throws -> CheckReport {
        let needed = 2 * how.clients + 32
        if let allowed = ProcessLimit.descriptors.current.soft, allowed < needed {
            throw CheckObstacle(
                description:
                    "\(how.clients) clients and a server of our own need \(needed) descriptors, and \(allowed) "
                    + "are allowed: ulimit -n \(needed)")
        }
        return try withServer(
            of: model ?? .threads, limits: how.limitsOfOwn(),
            saying: { text in if !json, !nagios { say("checking \(text)") } },
            check)
    }

    private func write(_ report: CheckReport) throws {
        do throws(TextFile.Failure) {
            if json { try put(report.json()) }
            if nagios { try put(report.nagiosLine() + "\n") }
            if let junit { try TextFile.write(report.junit(), to: junit) }
        } catch {
            complain("\(error)")
            throw notJudged
        }
    }

    /// A reader that has gone is no reason to stop; a disk that is full is.
    private func put(_ text: String) throws(TextFile.Failure) {
        do throws(Errno) {
            try StandardStream.output.write(text)
        } catch {
            if error != .brokenPipe { throw TextFile.Failure("write", "standard output", "\(error)") }
        }
    }

    private var notJudged: ExitCode { nagios ? Exit.unknownToMonitor : Exit.notJudged }

    private func code(of report: CheckReport) -> ExitCode? {
        if nagios { return report.nagiosCode == 0 ? nil : ExitCode(report.nagiosCode) }
        return switch report.verdict {
        case .passed: nil
        case .failed: Exit.notGood
        case .notJudged: Exit.notJudged
        }
    }
}

/// What this machine lacks for a check, with the remedy.
private struct CheckObstacle: Error, CustomStringConvertible {
    let description: String
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
