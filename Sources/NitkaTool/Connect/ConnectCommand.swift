// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem

struct ConnectCommand: OutputIsResult {
    static let configuration = CommandConfiguration(
        commandName: "connect",
        abstract: "Send lines from a terminal, or a stream from a pipe, to a server, and print what comes back.",
        discussion: """
            On a terminal, sends each line that you type and prints what comes back, with the round-trip time if it is \
            an echo. In a pipe, copies standard input to the server and the server's bytes to standard output. At the \
            end of the input, closes the sending side and reads until the server closes its side.

            Examples:
              nitka connect localhost:7007
              nitka connect localhost:7007 --verify < FILE > COPY

            Exit codes: 0 the server ended the stream without an error; 1 --verify found a difference; 2 the \
            connection failed, or standard input or output did; 64 wrong usage.
            """)

    @Argument(help: "Address of the server, HOST:PORT.", transform: endpoint)
    var server: Endpoint

    @Option("Time limit of the connection attempt.", in: .duration(.milliseconds(10)...(.seconds(3600))))
    var timeout = DurationArgument(duration: .seconds(10))

    @Flag(help: "Exit with 1 if the received bytes differ from the sent bytes, and print the first difference.")
    var verify = false

    func run() throws {
        let connection: Connection
        do {
            connection = try Connection.open(to: server, timeout: timeout.duration ?? .seconds(10))
        } catch {
            printError("\(error)")
            throw Exit.notJudged
        }
        let session: any ConnectSession =
            StandardStream.input.isTerminal && !verify
            ? TerminalSession(connection) : PipeSession(connection, verifies: verify)
        let code = try Conversation(connection, session).run()
        if code != 0 { throw ExitCode(code) }
    }
}
