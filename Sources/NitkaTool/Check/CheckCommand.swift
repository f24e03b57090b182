// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem
internal import NitkaCheck
internal import NitkaProbe

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the path to an echo server: connection, data integrity, concurrent service.",
        discussion: """
            Without an address, checks a new server on a free loopback port.

            Stages: resolve, connect, echo, integrity, half-close, together (all clients connect before the first one \
            sends), cross-talk, idle (only with --idle), close. A stage is skipped if a stage that it needs failed.

            A check of a name connects to each of its addresses, and judges the first that accepts connections. It \
            reports the addresses that failed, and passes nevertheless, unless --all-addresses is given.

            Examples:
              nitka check
              nitka check --model iterative
              nitka check localhost:7007 --clients 100 --bulk 64MiB
              nitka check localhost:7007 --only together,cross-talk --repeat 3
              nitka check localhost:7007 --idle 2s --skip integrity
              nitka check localhost:7007 --all-addresses
              nitka check localhost:7007 --json
              nitka check localhost:7007 --junit report.xml
              nitka check localhost:7007 --nagios
              nitka check localhost:1 --expect refused

            Control-C ends the check early and prints the report of the stages that ended. A second Control-C exits at \
            once.

            Exit codes: 0 PASS; 1 FAIL; 2 the path could not be judged: there was no connection, or the check ended \
            early without a failure; 64 wrong usage. With --nagios: 0 OK, 2 CRITICAL, 3 UNKNOWN.
            """)

    @Argument(help: "Address of the server, HOST:PORT. (default: start a server)", transform: endpoint)
    var server: Endpoint?

    @Option(help: "Model of the server that check starts: which thread runs a client. (default: threads)")
    var model: ServingModel?

    @OptionGroup var how: CheckOptions

    @Flag(help: "Print the report as JSON.")
    var json = false

    @Flag(help: "Print one line for Nagios, and exit with its codes.")
    var nagios = false

    @Option(
        help: ArgumentHelp("Also write the report as JUnit XML to this file; - for standard output.", valueName: "file")
    )
    var junit: String?

    func validate() throws {
        if server != nil, model != nil {
            throw ValidationError(
                "--model sets the model of the server that check starts: omit the address or --model.")
        }
        if server == nil, how.expect != nil {
            throw ValidationError("--expect needs the address of a server, HOST:PORT.")
        }
        if server == nil, how.allAddresses {
            throw ValidationError("--all-addresses needs the address of a server, HOST:PORT.")
        }
        if json, nagios { throw ValidationError("--json and --nagios both write to standard output: omit one.") }
    }

    func run() throws {
        let signals = CheckSignals(secondExitsWith: notJudged.rawValue)
        let printer = json || nagios ? nil : CheckPrinter(idle: how.idle?.duration)
        func check(_ endpoint: Endpoint) -> CheckReport {
            EchoCheck(endpoint, how.settings).runBlocking(interruptedBy: signals.interruption) { printer?.show($0) }
        }
        let report: CheckReport
        do {
            ProcessLimit.descriptors.raise(to: (server == nil ? 2 : 1) * how.clients + 64)
            report = try server.map(check) ?? checkNewServer(check)
        } catch {
            printError(EscapedText("\(error)", limit: 400).description)
            throw notJudged
        }
        printer?.finish(report)
        try write(report)
        if let code = code(of: report) { throw code }
    }

    /// Checks a server in this process.
    ///
    /// Server and clients share the descriptors of the process: refuse to start if the limit is too low, because the
    /// server would fail the check through no fault of its own.
    private func checkNewServer(_ check: (Endpoint) -> CheckReport) throws -> CheckReport {
        let needed = 2 * how.clients + 32
        if let allowed = ProcessLimit.descriptors.current.soft, allowed < needed {
            throw DescriptorShortage(
                description:
                    "\(how.clients.counted("client")) and the server need \(needed) descriptors, but the limit is "
                    + "\(allowed): run ulimit -n \(needed)")
        }
        return try withServer(
            of: model ?? .threads, limits: how.serverLimits(),
            announce: { text in if !json, !nagios { printLine("checking \(text)") } },
            check)
    }

    private func write(_ report: CheckReport) throws {
        if json { StandardOutput.write(report.json()) }
        if nagios { printLine(report.nagiosLine()) }
        do throws(TextFile.Failure) {
            if let junit { try TextFile.write(report.junit(), to: junit) }
        } catch {
            printError("\(error)")
            throw notJudged
        }
        // Any other code would be a state that the monitor has no line for.
        if nagios, StandardOutput.isIncomplete { throw notJudged }
    }

    private var notJudged: ExitCode { nagios ? Exit.nagiosUnknown : Exit.notJudged }

    private func code(of report: CheckReport) -> ExitCode? {
        if nagios { return report.nagiosCode == 0 ? nil : ExitCode(report.nagiosCode) }
        return switch report.verdict {
        case .passed: nil
        case .failed: Exit.failure
        case .notJudged: Exit.notJudged
        }
    }
}

/// The descriptor limit of this machine is too low for the check.
private struct DescriptorShortage: Error, CustomStringConvertible {
    let description: String
}

extension Exit {
    /// The state UNKNOWN of Nagios.
    static let nagiosUnknown = ExitCode(3)
}

/// Parses a server's address.
@Sendable func endpoint(_ text: String) throws -> Endpoint {
    do {
        return try Endpoint(text, lowestPort: 1)
    } catch {
        throw ValidationError(sentence("\(error.reason)"))
    }
}

/// A reason as a sentence of its own.
func sentence(_ reason: String) -> String { reason.prefix(1).uppercased() + reason.dropFirst() + "." }
