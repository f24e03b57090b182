// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem
internal import NitkaBench

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Load an echo server, compare every byte that comes back, and say how long it took.",
        discussion: """
            Without an address it starts a server of its own on a free port, and loads that.

            A closed loop (the default) sends a client's next message when its echo is back: a server that stalls is \
            asked less, and looks better than it is. An open loop (--rate) sends on a schedule, and counts latency from \
            when a message was due, however late the server let it be sent.

            A run that says nothing about the server is marked INVALID, with the reason. Control-C ends it early, with \
            what was counted so far.

            Examples:
              nitka bench                          a server of our own, 50 clients
              nitka bench 127.0.0.1:7007 --clients 500 --duration 5s
              nitka bench 127.0.0.1:7007 --rate 20k --html report.html
              nitka bench 127.0.0.1:7007 --mode stream --clients 8
              nitka bench 127.0.0.1:7007 --mode churn --clients 8
              nitka bench 127.0.0.1:7007 --mode hold --clients 1000 --duration 3s
              nitka bench 127.0.0.1:7007 --find-max 'p99<10ms'
              nitka bench 127.0.0.1:7007 --json a.json --fail-if 'p99>50ms'
              nitka bench 127.0.0.1:7007 --hlog a.hlog --fail-if 'errors>0.1%'

            Exit codes: 0 good; 1 a gate was crossed: those of --fail-if, and, where they don't name them, any error and \
            any wrong byte; 2 it could not be judged: nobody was served, or the run was invalid; 64 wrong usage.
            """)

    @Argument(help: "The server, HOST:PORT; without it, one of our own.", transform: endpoint)
    var server: Endpoint?

    @OptionGroup(title: "Load")
    var load: LoadOptions

    @OptionGroup(title: "Results")
    var results: ResultOptions

    @Option(
        help:
            "Search for the highest rate at which this holds, as 'p99<10ms'; every step takes --duration (default: 2s).",
        transform: ResultOptions.gate)
    var findMax: Gate?

    @Option(help: "Who carries a client of the server that is started here.")
    var model: ServingModel?

    func validate() throws {
        if server != nil, model != nil {
            throw ValidationError(
                "--model is for the server that is started here: leave out the address, or the model.")
        }
        if findMax != nil, load.rate != nil {
            throw ValidationError("--find-max looks for the rate by itself: leave out --rate.")
        }
        try load.check()
        try results.check()
    }

    func run() throws {
        // Before any thread is made: a signal must reach the thread that waits for it, and no other.
        Signals.block([Signals.interrupt, Signals.terminate])
        let code: Int32
        if let server {
            code = run(against: server)
        } else {
            // Both ends of a connection are descriptors of this process.
            ProcessLimit.descriptors.raise(to: 2 * load.clients + 1024)
            code = try withServer(of: model ?? .tasks, limits: load.limitsOfOwn(), saying: results.speaker.say) {
                run(against: $0)
            }
        }
        if code != 0 { throw ExitCode(code) }
    }

    private func run(against endpoint: Endpoint) -> Int32 {
        let session = BenchSession(endpoint: endpoint, plan: load.plan(isSearch: findMax != nil), results: results)
        do {
            return try findMax.map { try session.search(for: $0) } ?? session.run()
        } catch {
            complain("could not be judged: \(EscapedText("\(error)"))")
            return Exit.notJudged.rawValue
        }
    }
}
