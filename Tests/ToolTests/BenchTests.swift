// SPDX-License-Identifier: Apache-2.0

import Histogram
import Nitka
import NitkaEcho
import NitkaSystem
import NitkaBench
import NitkaProbe
import Subprocess
import SystemPackage
import Testing

@Suite struct BenchCommandTests {
    private let quick = ["--duration", "200ms", "--warmup", "50ms"]

    @Test("without an address, bench loads a new server and exits with 0") func startsServerWithoutAddress()
        async throws
    {
        let ending = try await Tool.run(["bench", "--clients", "4"] + quick)
        #expect(ending.code == 0)
        #expect(ending.output.hasPrefix("a new server at 127.0.0.1:"))
        #expect(ending.output.contains("\nVALID\n"))
    }

    @Test("a refused connection exits with 2 and names the address") func refusedConnectionIsNotJudged() async throws {
        let ending = try await Tool.run(["bench", "127.0.0.1:1"] + quick)
        #expect(ending.code == 2)
        #expect(ending.error == "nitka: could not be judged: connect to 127.0.0.1:1: connection refused\n")
    }

    @Test("a failed gate exits with 1 and names the metric") func failedGateIsNamed() async throws {
        let ending = try await Tool.run(["bench", "--clients", "4", "--fail-if", "p99<1s"] + quick)
        #expect(ending.code == 1)
        #expect(ending.output.contains("FAIL: p99 is "))
        #expect(ending.output.contains(", less than 1 s\n"))
    }

    /// A status line that wraps to the next row could be replaced only in part.
    @Test(
        "the status line fits in one row of a narrow terminal",
        .enabled(if: Peer.has("/usr/bin/script"), "no script(1) to make a terminal"))
    func statusLineFitsNarrowTerminal() async throws {
        let bench = "stty cols 40; \(Tool.path) bench --clients 2 --duration 1200ms --warmup 50ms"
        let ending = try await Tool.run(["-qec", bench, "/dev/null"], of: "/usr/bin/script")
        let parts = ending.output.replacing("\r\u{1b}[K", with: "\u{1}").split(separator: "\u{1}")
        // The parts before the first and after the last replacement are not status lines.
        let statusLines = parts.dropFirst().dropLast()
        #expect(statusLines.contains { $0.contains("echoes/s") }, "\(ending.output)")
        #expect(statusLines.allSatisfy { $0.count < 40 }, "\(statusLines)")
    }

    @Test("a report that cannot be written does not stop the other reports") func failedFileKeepsOthers() async throws {
        try await withFolder { folder in
            let arguments = ["bench", "--clients", "4", "--json", "/nowhere/a.json", "--hlog", "\(folder)/a.hlog"]
            let ending = try await Tool.run(arguments + ["--fail-if", "p99<1s"] + quick)
            #expect(ending.code == 2)
            #expect(ending.output.contains("FAIL: p99 is "))
            #expect(ending.error == "nitka: write /nowhere/a.json: no such file or directory\n")
            let log = try #require(ProcFile.text("\(folder)/a.hlog"))
            #expect(try HistogramLog(reading: log).total.totalCount > 0)
        }
    }

    @Test("with --json -, standard output contains only JSON") func jsonOnStandardOutput() async throws {
        let ending = try await Tool.run(["bench", "--clients", "4", "--json", "-"] + quick)
        #expect(ending.code == 0)
        let report = try BenchReport(json: ending.output)
        #expect(report.clients == 4)
        #expect(report.echoes > 0)
        #expect(ending.error.contains("VALID"))
    }

    @Test(
        "contradictory or malformed options of bench are wrong usage",
        arguments: [
            ["--depth", "2", "--mode", "stream"], ["--talkers", "2"], ["--rate", "1k", "--find-max", "p99<5ms"],
            ["127.0.0.1:7007", "--model", "tasks"], ["--rate", "0x10"], ["--size", "1e3"], ["--fail-if", "p42>1ms"],
            ["--json", "-", "--html", "-"], ["--json", "a", "--hlog", "a"], ["--find-max", "p99"],
            ["--find-max", "p99>1ms"],
            ["--find-max", "rate<1k"], ["--duration", "5"],
            ["--clients", "0"],
        ])
    func contradictionsAreWrongUsage(arguments: [String]) async throws {
        let ending = try await Tool.run(["bench"] + arguments)
        #expect(ending.code == 64)
        #expect(ending.output == "")
    }

    @Test("a shortage of descriptors or local ports exits with 2 and names the remedy")
    func descriptorShortageNamesRemedy() async throws {
        let ending = try await Tool.run(["bench", "--clients", "900000", "127.0.0.1:7007"] + quick)
        #expect(ending.code == 2)
        #expect(ending.error.contains("ulimit -n 900064") || ending.error.contains("ip_local_port_range"))
    }

    @Test("a signal ends the run early and keeps the result so far") func signalKeepsResult() async throws {
        let result = try await Subprocess.run(
            .path(Tool.path), arguments: ["bench", "--clients", "4", "--duration", "600s", "--json", "-"], input: .none,
            output: .string(limit: 1 << 20), error: .sequence
        ) { execution in
            var wasSent = false
            for try await line in execution.standardError.strings() where line.contains("echoes/s") && !wasSent {
                try execution.send(signal: .interrupt)
                wasSent = true
            }
        }
        #expect(Tool.code(result.terminationStatus) == 0)
        let report = try BenchReport(json: result.standardOutput)
        #expect(report.interrupted)
        #expect(report.echoes > 0)
        #expect(report.duration < 300)
    }

    /// No server reaches it: the generator and the server together take more than 1 µs per echo on 2 processors.
    @Test("a rate that the server does not reach is reported with the rate that it achieved")
    func unreachedRateIsReported() async throws {
        let ending = try await Tool.run(
            ["bench", "--clients", "4", "--rate", "10M", "--timeout", "200ms", "--json", "-"] + quick)
        #expect(ending.code == 1)
        let report = try BenchReport(json: ending.output)
        let achieved = try #require(report.achievedPerSecond)
        #expect(achieved > 0)
        #expect(ending.error.contains("INVALID: \(Figures.rate(achieved))/s achieved of 10,000,000\n"))
        #expect(!ending.error.contains("\n0 echoes/s"))
        #expect(try Gate("rate>1").isCrossed(by: report))
    }

    /// No echo takes less than 1 ns, so that each rate fails.
    @Test("a step of a search shows the achieved rate and why it fails, and is repeated once")
    func failingStepsAreRepeated() async throws {
        let ending = try await Tool.run(
            ["bench", "--clients", "2", "--find-max", "p99<0.001us", "--duration", "10ms", "--warmup", "0s"])
        #expect(ending.code == 1)
        let lines = ending.output.split(separator: "\n")
        let steps = lines.dropFirst(3).dropLast()
        #expect(lines.last == "found no rate at which p99<0.001us holds")
        #expect(steps.count >= 2 && steps.count % 2 == 0)
        for (index, step) in steps.enumerated() {
            #expect(step.hasSuffix(" (repeated)") == (index % 2 == 1), "\(step)")
            // The reason may contain further rates.
            #expect(step.split(separator: "  ")[0].hasSuffix("/s"), "\(step)")
            #expect(!step.contains("echoes/s"))
        }
    }

    /// The shell sends the signal as soon as the first step has ended: a task of this process may wait for a thread until
    /// the search is over.
    @Test("an interrupted search says what has passed so far, and exits with 2")
    func interruptedSearchSaysWhatPassed() async throws {
        let script = """
            mkfifo "$1"
            "$0" bench --clients 2 --find-max 'p99<100s' --duration 200ms --warmup 0s > "$1" &
            count=0
            while IFS= read -r line; do
                printf '%s\\n' "$line"
                count=$((count + 1))
                if [ $count = 4 ]; then kill -TERM $!; fi
            done < "$1"
            wait $!
            """
        let ending = try await withFolder { folder in
            try await Tool.run(["-c", script, Tool.path.string, "\(folder)/lines"], of: "/bin/sh")
        }
        #expect(ending.code == 2)
        let lines = ending.output.split(separator: "\n")
        let last = try #require(lines.last)
        #expect(last.hasPrefix("interrupted before the highest rate was found: "))
        // A busy machine may miss the first rate: then nothing has passed.
        let passed = lines.last { $0.hasSuffix("holds") || $0.hasSuffix("holds (repeated)") }
        let rate = passed?.split(separator: "/s").first ?? "none"
        #expect(last.hasSuffix(passed == nil ? "no rate had passed" : "p99<100s held at \(rate) echoes per second"))
    }

    @Test("a signal in the warm-up says that counting had not begun, and exits with 2")
    func signalInWarmup() async throws {
        let result = try await Subprocess.run(
            .path(Tool.path), arguments: ["bench", "--clients", "4", "--warmup", "600s", "--rate", "100"],
            input: .none, output: .sequence, error: .string(limit: 1 << 20)
        ) { execution in
            var lines: [String] = []
            for try await line in execution.standardOutput.strings() {
                lines.append(line)
                if line.contains("warming up") { try execution.send(signal: .interrupt) }
            }
            return lines.joined(separator: "\n")
        }
        #expect(Tool.code(result.terminationStatus) == 2)
        let verdicts = result.closureResult.split(separator: "\n").filter { $0.contains("INVALID") }
        #expect(verdicts.map { $0.filter { $0 != "\n" } } == ["INVALID: ended before counting began"])
    }

    /// Runs each command of `nitka help bench`, for a short time.
    @Test("every example in the help of bench runs") func helpExamplesRun() async throws {
        let help = try await Tool.run(["help", "bench"])
        let examples = help.output.split(separator: "\n").filter { $0.hasPrefix("  nitka bench") }
        #expect(examples.count >= 8)
        let server = try Server(on: "127.0.0.1:0")
        let threads = ThreadGroup()
        try threads.start(named: "accept") {
            _ = try? server.runTasksBlocking(loops: 1) { try await EchoService.serve($0) }
        }
        defer {
            server.endNow()
            #expect(threads.join(until: .now + .seconds(30)))
        }
        for example in examples {
            // Several spaces separate an example from its explanation.
            let command = String(example.dropFirst(2)).split(separator: "   ")[0]
            let arguments = command.split(separator: " ").dropFirst().map { word in
                switch word {
                case "127.0.0.1:7007": "\(server.addresses[0])"
                case _ where word.hasSuffix(".html") || word.hasSuffix(".json") || word.hasSuffix(".hlog"): "/dev/null"
                default: word.filter { $0 != "'" }
                }
            }
            let ending = try await Tool.run(arguments + quick)
            // While other tests keep the machine busy, a gate may fail and a run may be INVALID: the example still ran.
            let isJudged =
                ending.code == 0 || ending.output.contains("FAIL: p99") || ending.output.contains("found no rate")
            #expect(isJudged || ending.output.contains("INVALID"), "\(example): \(ending.output) \(ending.error)")
            #expect(ending.output.contains("0 errors") || ending.output.contains("closed loop"))
            #expect(ending.error == "")
        }
    }
}
