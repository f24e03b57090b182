// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem
internal import NitkaBench

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Load an echo server, compare every byte that comes back, and measure the round-trip times.",
        discussion: """
            Without an address, loads a new server on a free loopback port.

            The default is a closed loop: a client sends its next message when the last echo is back. While the server \
            stalls, a closed loop sends less, and the result looks better than what users see. With --rate, an open \
            loop sends on a schedule and measures latency from the moment when a message was due.

            If a run can't judge the server, the result says INVALID and gives the reason. Control-C ends a run early \
            and prints the result so far.

            Examples:
              nitka bench                          a new server, 50 clients
              nitka bench 127.0.0.1:7007 --clients 500 --duration 5s
              nitka bench 127.0.0.1:7007 --rate 20k --html report.html
              nitka bench 127.0.0.1:7007 --mode stream --clients 8
              nitka bench 127.0.0.1:7007 --mode churn --clients 8
              nitka bench 127.0.0.1:7007 --mode hold --clients 1000 --duration 3s
              nitka bench 127.0.0.1:7007 --find-max 'p99<10ms'
              nitka bench 127.0.0.1:7007 --json a.json --fail-if 'p99>50ms'
              nitka bench 127.0.0.1:7007 --hlog a.hlog --fail-if 'errors>0.1%'

            Exit codes: 0 good; 1 a gate failed: a condition of --fail-if is true, or, by default, an error or a wrong \
            byte occurred; 2 the server could not be judged: it served no client, this machine ran short of a resource, a report \
            could not be written, or the run is invalid; 64 wrong usage.
            """)

    @Argument(help: "Address of the server, HOST:PORT. (default: start a server)", transform: endpoint)
    var server: Endpoint?

    @OptionGroup(title: "Load")
    var load: LoadOptions

    @OptionGroup(title: "Results")
    var results: ResultOptions

    @Option(
        help: ArgumentHelp(
            """
            Find the highest rate at which this condition holds, such as 'p99<10ms'. Each step takes --duration, here \
            2s by default. A step that fails is repeated once.
            """, valueName: "condition"),
        transform: ResultOptions.searchCondition)
    var findMax: Gate?

    @Option(help: "Model of the server that bench starts: which thread runs a client. (default: tasks)")
    var model: ServingModel?

    func validate() throws {
        if server != nil, model != nil {
            throw ValidationError(
                "--model sets the model of the server that bench starts: omit the address or --model.")
        }
        if findMax != nil, load.rate != nil {
            throw ValidationError("--find-max finds the rate itself: omit --rate.")
        }
        try load.check()
        try results.check()
    }

    func run() throws {
        // Before any thread is created: a new thread inherits the mask, and only the waiting thread may get a signal.
        Signals.block([Signals.interrupt, Signals.terminate])
        let code: Int32
        if let server {
            code = run(against: server)
        } else {
            // Each connection needs 2 descriptors: server and client are in this process.
            ProcessLimit.descriptors.raise(to: 2 * load.clients + 1024)
            code = try withServer(of: model ?? .tasks, limits: load.serverLimits(), announce: results.output.line) {
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
            printError("could not be judged: \(EscapedText("\(error)"))")
            return Exit.notJudged.rawValue
        }
    }
}
