// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Logging
internal import Nitka
internal import NitkaEcho
internal import NitkaSystem

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the echo service (RFC 862).",
        discussion: """
            Every client gets a thread of its own (--model threads); or a task of its own on a few event loops \
            (--model tasks); or all are served one after another by the one thread that accepts (--model iterative). \
            The first line on standard output says where it listens.

            SIGINT or SIGTERM drains: nobody new is accepted, who is there or waits already gets everything back. A \
            second signal ends at once. Exit code 0, or 3 when anybody was cut off.
            """)

    @Option(
        help: .showing(
            "The address or name to listen on; 0.0.0.0 or :: for all.", Self.defaultHost), transform: Self.host)
    var host = defaultHost

    @Option(
        help: .showing(
            "The port; 0 takes a free one.", Self.defaultPort), transform: Quantity.count(0...65535))
    var port = defaultPort

    @Option(help: "Who carries a client.")
    var model = ServingModel.threads

    @Option(
        help: "Event loops under --model tasks, a thread each. (default: one a processor)",
        transform: Quantity.count(1...1024))
    var loops: Int?

    @OptionGroup(title: "Limits")
    var limits: LimitOptions

    @Option(
        help: .showing(
            "How long clients have to finish when the server is told to end.", Self.defaultDrain),
        transform: Quantity.duration(.zero...(.seconds(86_400))))
    var drainTimeout = defaultDrain

    @Option(
        help: .showing(
            "Clients that may wait in the kernel's queue.", Self.defaultBacklog), transform: Quantity.count(1...65535))
    var backlog = defaultBacklog

    @Option(
        help: .showing(
            "The least that is logged; clients come and go at debug.", Self.defaultLevel.rawValue),
        transform: Self.level)
    var logLevel = defaultLevel

    @Option(help: "How log lines look.")
    var logFormat = LogFormat.text

    private static let defaultHost = "127.0.0.1"
    private static let defaultPort = 7007
    private static let defaultDrain = Span(duration: .seconds(10))
    private static let defaultBacklog = 1024
    private static let defaultLevel = Logger.Level.debug

    func validate() throws {
        if loops != nil, model != .tasks { throw ValidationError("--loops goes with --model tasks.") }
    }

    mutating func run() throws {
        // Before any thread is made: a signal must reach the thread that waits for it, and no other.
        Signals.block([Signals.interrupt, Signals.terminate])
        let server: Server
        do {
            server = try Server(
                on: Endpoint(host: host, port: UInt16(port)), limits: limits.limits(), backlog: backlog)
        } catch {
            complain("\(error)")
            throw Exit.notJudged
        }
        let code = try ServeSession(
            server: server, model: model, loops: loops, drainTime: drainTimeout.duration ?? .zero,
            logger: makeLogger()
        ).run()
        if code != 0 { throw ExitCode(code) }
    }

    private func makeLogger() -> Logger {
        let format = logFormat
        var logger = Logger(label: "nitka") { _ in LineLogHandler(format: format) }
        logger.logLevel = logLevel
        return logger
    }

    private static func host(_ text: String) throws -> String {
        do {
            return try Endpoint(host: text, port: 0).host
        } catch {
            throw ValidationError("\(error.reason)".prefix(1).uppercased() + "\(error.reason)".dropFirst() + ".")
        }
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("It is one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return level
    }
}
