// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaKernel
internal import NitkaProbe

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "See whether several clients are served at once, and each gets its own bytes back.",
        discussion: """
            All clients connect before any of them speaks, and stay until the last has been answered. Without an address \
            it starts a server of its own on a free port, and checks that.

            Exit code 0: PASS. 1: FAIL. 2: nothing could be judged, since nothing answers there.
            """)

    @Argument(help: "The server, HOST:PORT; without it, one of our own.", transform: endpoint)
    var server: Endpoint?

    @Option(
        help: .showing(
            "Clients at once.", Self.defaults.clients), transform: Quantity.count(1...10_000))
    var clients = defaults.clients

    @Option(
        help: .showing(
            "Messages that each client sends.", Self.defaults.rounds), transform: Quantity.count(1...1000))
    var rounds = defaults.rounds

    @Option(
        help: .showing(
            "Bytes in each message.", Self.defaults.size), transform: Quantity.count(1...65_536))
    var size = defaults.size

    @Option(
        help: .showing(
            "How long an answer may take.", Span(duration: Self.defaults.timeout)),
        transform: Quantity.duration(.milliseconds(10)...(.seconds(3600))))
    var timeout = Span(duration: defaults.timeout)

    @Option(help: "Who carries a client of the server that is started here.")
    var model: ServingModel?

    private static let defaults = TogetherCheck.Settings()

    func validate() throws {
        if server != nil, model != nil {
            throw ValidationError(
                "--model is for the server that is started here: leave out the address, or the model.")
        }
    }

    func run() throws {
        let passed: Bool
        do {
            if let server {
                passed = try check(server)
            } else {
                passed = try withServer(model ?? .threads) { try check($0) }
            }
        } catch let error as NitkaError {
            say("could not be judged: \(error)")
            throw Exit.notJudged
        }
        if !passed { throw Exit.notGood }
    }

    private func check(_ endpoint: Endpoint) throws -> Bool {
        ProcessLimit.descriptors.raise(to: 2 * clients + 64)
        var settings = Self.defaults
        (settings.clients, settings.rounds, settings.size) = (clients, rounds, size)
        if let timeout = timeout.duration { settings.timeout = timeout }
        let report = try TogetherCheck(endpoint, settings).run()
        CheckPrinter(report: report).print()
        return report.hasPassed
    }

    /// A server for as long as the body runs.
    private func withServer<Result>(_ model: ServingModel, _ body: (Endpoint) throws -> Result) throws -> Result {
        let server = try Server(on: "127.0.0.1:0")
        let thread = try KernelThread(named: "nitka-accept") {
            // What ends the server early is met by the clients, and said by the report.
            _ = try? model.serve(server)
        }
        say("checking a server of our own, model \(model.rawValue), at \(server.addresses[0])")
        let result = Swift.Result { try body(Endpoint(server.addresses[0].description)) }
        server.endNow()
        thread.join()
        return try result.get()
    }
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
