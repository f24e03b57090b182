// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Logging
internal import Nitka
internal import NitkaEcho
internal import NitkaKernel

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the echo service (RFC 862).",
        discussion: """
            Every client gets a thread of its own (--model threads), or all are served one after another by the one \
            thread that accepts (--model iterative). The first line on standard output says where it listens.

            SIGINT or SIGTERM drains: nobody new is accepted, who is there or waits already gets everything back. A \
            second signal ends at once. Exit code 0, or 3 when anybody was cut off.
            """)

    @Option(help: "The address or name to listen on; 0.0.0.0 or :: for all.", transform: Self.host)
    var host = "127.0.0.1"

    @Option(help: "The port; 0 takes a free one.", transform: Quantity.count(0...65535))
    var port = 7007

    @Option(help: "Which thread carries a client.")
    var model = PlainModel.threads

    @OptionGroup(title: "Limits")
    var limits: LimitOptions

    @Option(
        help: "How long clients have to finish when the server is told to end.",
        transform: Quantity.duration(.zero...(.seconds(86_400))))
    var drainTimeout = Span(duration: .seconds(10))

    @Option(help: "Clients that may wait in the kernel's queue.", transform: Quantity.count(1...65535))
    var backlog = 1024

    @Option(help: "The least that is logged; clients come and go at debug.", transform: Self.level)
    var logLevel = Logger.Level.debug

    @Option(help: "How log lines look.")
    var logFormat = LogFormat.text

    mutating func run() throws {
        // Before any thread is made: a signal must reach the thread that waits for it, and no other.
        Signals.block([Signals.interrupt, Signals.terminate])
        let server: Server
        do {
            server = try Server(
                on: Endpoint(host: host, port: UInt16(port)), limits: limits.limits, backlog: backlog)
        } catch {
            complain("\(error)")
            throw Exit.notJudged
        }
        let code = try ServeSession(
            server: server, model: model, drainTime: drainTimeout.duration ?? .zero,
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
