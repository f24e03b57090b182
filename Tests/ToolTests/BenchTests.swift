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

    @Test func aServerOfOurOwnIsLoadedAndFoundGood() async throws {
        let ending = try await Tool.run(["bench", "--clients", "4"] + quick)
        #expect(ending.code == 0)
        #expect(ending.output.hasPrefix("a server of our own, model tasks, at 127.0.0.1:"))
        #expect(ending.output.contains("\nVALID\n"))
    }

    @Test func nothingThereIsNoVerdict() async throws {
        let ending = try await Tool.run(["bench", "127.0.0.1:1"] + quick)
        #expect(ending.code == 2)
        #expect(ending.error == "nitka: could not be judged: connect to 127.0.0.1:1: connection refused\n")
    }

    @Test func aGateThatIsCrossedIsNamed() async throws {
        let ending = try await Tool.run(["bench", "--clients", "4", "--fail-if", "p99<1s"] + quick)
        #expect(ending.code == 1)
        #expect(ending.output.contains("FAIL: p99 is "))
        #expect(ending.output.contains(", less than 1 s\n"))
    }

    /// A line that went on in the next row would be replaced in part alone.
    @Test(.enabled(if: Peer.has("/usr/bin/script"), "skipped: no script(1) to make a terminal"))
    func theLiveLineStaysInOneRowOfANarrowTerminal() async throws {
        let bench = "stty cols 40; \(Tool.path) bench --clients 2 --duration 1200ms --warmup 50ms"
        let ending = try await Tool.run(["-qec", bench, "/dev/null"], of: "/usr/bin/script")
        let parts = ending.output.replacing("\r\u{1b}[K", with: "\u{1}").split(separator: "\u{1}")
        // What comes before the first and after the last of them is no live line.
        let live = parts.dropFirst().dropLast()
        #expect(live.contains { $0.contains("echoes/s") }, "\(ending.output)")
        #expect(live.allSatisfy { $0.count < 40 }, "\(live)")
    }

    @Test func aFileThatCannotBeWrittenTakesNoOtherWithIt() async throws {
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

    @Test func jsonOnStandardOutputIsAlone() async throws {
        let ending = try await Tool.run(["bench", "--clients", "4", "--json", "-"] + quick)
        #expect(ending.code == 0)
        let report = try BenchReport(json: ending.output)
        #expect(report.clients == 4)
        #expect(report.echoes > 0)
        #expect(ending.error.contains("VALID"))
    }

    @Test(arguments: [
        ["--depth", "2", "--mode", "stream"], ["--talkers", "2"], ["--rate", "1k", "--find-max", "p99<5ms"],
        ["127.0.0.1:7007", "--model", "tasks"], ["--rate", "0x10"], ["--size", "1e3"], ["--fail-if", "p42>1ms"],
        ["--json", "-", "--html", "-"], ["--json", "a", "--hlog", "a"], ["--find-max", "p99"], ["--duration", "5"],
        ["--clients", "0"],
    ])
    func whatCannotBeIsWrongUsage(arguments: [String]) async throws {
        let ending = try await Tool.run(["bench"] + arguments)
        #expect(ending.code == 64)
        #expect(ending.output == "")
    }

    @Test func aMachineThatLacksDescriptorsIsToldWhatToDo() async throws {
        let ending = try await Tool.run(["bench", "--clients", "900000", "127.0.0.1:7007"] + quick)
        #expect(ending.code == 2)
        #expect(ending.error.contains("ulimit -n 900064") || ending.error.contains("ip_local_port_range"))
    }

    @Test func aSignalEndsItWithWhatItHas() async throws {
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

    /// Every command that `nitka help bench` shows is run, for a short while.
    @Test func everyExampleOfTheHelpDoesWhatItShows() async throws {
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
            // What stands behind two blanks says what it does.
            let command = String(example.dropFirst(2)).split(separator: "   ")[0]
            let arguments = command.split(separator: " ").dropFirst().map { word in
                switch word {
                case "127.0.0.1:7007": "\(server.addresses[0])"
                case _ where word.hasSuffix(".html") || word.hasSuffix(".json") || word.hasSuffix(".hlog"): "/dev/null"
                default: word.filter { $0 != "'" }
                }
            }
            let ending = try await Tool.run(arguments + quick)
            // A machine that is busy with other tests may be slow, and then the tool says so: but it knew what to do.
            let isJudged =
                ending.code == 0 || ending.output.contains("FAIL: p99") || ending.output.contains("no rate was")
            #expect(isJudged || ending.output.contains("INVALID"), "\(example): \(ending.output) \(ending.error)")
            #expect(ending.output.contains("0 errors") || ending.output.contains("closed loop"))
            #expect(ending.error == "")
        }
    }
}
