// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem

struct ConnectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect",
        abstract: "Talk to a server: a line at a time on a terminal, or a stream through a pipe.",
        discussion: """
            On a terminal each line goes to the server, and what comes back is shown, with its round-trip time when it is \
            an echo. In a pipe standard input goes to the server while what comes back goes to standard output; at the \
            end of the input the sending side ends, and what is still to come is awaited.

            Exit code 0: the server ended the stream properly. 1: --verify found a difference. 2: it could not be judged, \
            since the connection failed.
            """)

    @Argument(help: "The server, HOST:PORT.", transform: endpoint)
    var server: Endpoint

    @Option(
        help: .showing(
            "How long connecting may take.", Self.defaultTimeout),
        transform: Quantity.duration(.milliseconds(10)...(.seconds(3600))))
    var timeout = defaultTimeout

    @Flag(help: "Exit 1 and say where, unless what comes back is what was sent.")
    var verify = false

    private static let defaultTimeout = Span(duration: .seconds(10))

    func run() throws {
        let connection: Connection
        do {
            connection = try Connection.open(to: server, timeout: timeout.duration ?? .seconds(10))
        } catch {
            complain("\(error)")
            throw Exit.notJudged
        }
        let session: any ConnectSession =
            StandardStream.input.isTerminal && !verify
            ? TerminalSession(connection) : PipeSession(connection, verifies: verify)
        let code = try Conversation(connection, session).run()
        if code != 0 { throw ExitCode(code) }
    }
}
