// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Logging
internal import Nitka
internal import NitkaEcho
internal import NitkaProbe
internal import NitkaSystem

/// What the argument of `nitka serve` says: a port, or a host and a port.
struct ListenAddress {
    var host: String?
    var port: UInt16
}

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the echo service (RFC 862).",
        discussion: """
            The model decides which thread runs a client. `threads`: a new thread for each client. `tasks`: a task for \
            each client, on a few event-loop threads. `iterative`: the accepting thread, one client after another. The \
            first line on standard output is the address that the server listens on.

            SIGINT or SIGTERM starts a drain: the server ignores new connections and still serves connected clients and \
            those in the backlog. It ends each client that has sent nothing for 100ms and has every byte back. A second \
            signal ends the server at once. SIGHUP does the same as SIGTERM if the server has a terminal; otherwise \
            the server ignores it, and it always ignores SIGUSR1 and SIGUSR2.

            Exit codes: 0 drained; 2 the server could not start or failed; 3 the drain cut off a client or lost a \
            waiting client; 64 wrong usage.

            Examples:
              nitka serve
              nitka serve 8080
              nitka serve 0.0.0.0:8080
            """)

    @Argument(
        help: "Port, or HOST:PORT, to listen on: the same as --host and --port.", transform: Self.address)
    var address: ListenAddress?

    @Option(
        help: "Address or name to listen on; 0.0.0.0 or :: for all addresses. (default: \(Self.defaultHost))",
        transform: Self.host)
    var host: String?

    @Option("TCP port to listen on; 0 takes a free port.", in: .count(0...65535), default: "\(Self.defaultPort)")
    var port: Int?

    @Option(help: "What runs a client: a thread of its own, a task, or the accepting thread (iterative).")
    var model = ServingModel.threads

    @Option(
        "Number of event loops, each on its own thread, with --model tasks.", in: .count(1...1024),
        default: "1 for every 2 processors")
    var loops: Int?

    @OptionGroup(title: "Limits")
    var limits: LimitOptions

    @Option(
        "Time limit of a drain; then the server cuts off the remaining clients, which takes up to 2s more.",
        in: .duration(.zero...(.seconds(86_400))))
    var drainTimeout = DurationArgument(duration: .seconds(10))

    @Option("Maximum number of new connections that wait in the kernel to be accepted.", in: .count(1...65535))
    var backlog = 1024

    @Option(
        help: """
            Minimum log level: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")). The server logs each \
            connection's start and end at `debug`. (default: \(Self.defaultLevel.rawValue))
            """,
        transform: Self.level)
    var logLevel = defaultLevel

    @Option(help: "Format of the log lines.")
    var logFormat = LogFormat.text

    private static let defaultHost = "127.0.0.1"
    private static let defaultPort = 7007
    private static let defaultLevel = Logger.Level.debug

    func validate() throws {
        if loops != nil, model != .tasks { throw ValidationError("--loops needs --model tasks.") }
        if let address, address.host != nil && host != nil || port != nil {
            throw ValidationError("The address sets the host and the port: omit --host and --port.")
        }
    }

    func run() throws {
        ServeSignals.prepare()
        let server: Server
        do {
            server = try Server(
                on: Endpoint(
                    host: address?.host ?? host ?? Self.defaultHost,
                    port: address?.port ?? UInt16(port ?? Self.defaultPort)),
                limits: limits.limits(), backlog: backlog)
        } catch {
            printError("\(error)")
            throw Exit.notJudged
        }
        ServeSession(
            server: server, model: model, loops: loops, drainTime: drainTimeout.duration ?? .zero,
            logger: makeLogger()
        ).run()
    }

    private func makeLogger() -> Logger {
        let format = logFormat
        var logger = Logger(label: "nitka") { _ in LineLogHandler(format: format) }
        logger.logLevel = logLevel
        return logger
    }

    private static func address(_ text: String) throws -> ListenAddress {
        if let port = Numeral.whole(text[...]).flatMap(UInt16.init(exactly:)) { return ListenAddress(port: port) }
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(text)
        } catch {
            throw ValidationError(sentence("\(error.reason)"))
        }
        return ListenAddress(host: endpoint.host, port: endpoint.port)
    }

    private static func host(_ text: String) throws -> String {
        do {
            return try Endpoint(host: text, port: 0).host
        } catch {
            throw ValidationError(sentence("\(error.reason)"))
        }
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("It must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return level
    }
}
