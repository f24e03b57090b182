// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct UsageTests {
    @Test(
        "a malformed count is wrong usage",
        arguments: ["+8", "-1", "065", "0x10", "1e3", "nan", " 8", "8 ", "٣", "99999999999999999999", "8\n"])
    func malformedCountsAreWrongUsage(value: String) async throws {
        for option in ["--port", "--max-clients", "--max-clients-per-source", "--backlog"] {
            let ending = try await Tool.run(["serve", "\(option)=\(value)"])
            #expect(ending.code == 64, "\(option)")
            #expect(ending.error.contains("It must be a whole number from"))
        }
    }

    @Test(
        "a malformed duration is wrong usage",
        arguments: ["5", "5 s", "-5s", "+5s", "5x", "5.5s", "1e3s", "99999999999999999999s", "05s", "5S", "infs"])
    func malformedDurationsAreWrongUsage(value: String) async throws {
        for option in ["--idle-timeout", "--write-timeout", "--drain-timeout", "--max-age"] {
            let ending = try await Tool.run(["serve", "\(option)=\(value)"])
            #expect(ending.code == 64, "\(option)")
            #expect(ending.error.contains("with a unit (ms, s, m, h)"))
        }
    }

    @Test(
        "a malformed host is wrong usage, and the message contains no control characters",
        arguments: ["", "a b", "127.1", "0x7f.0.0.1", "[::1]", "\u{1b}[31m", "é", "127.0.0.1/8"])
    func malformedHostsAreWrongUsage(value: String) async throws {
        let ending = try await Tool.run(["serve", "--host=\(value)"])
        #expect(ending.code == 64)
        #expect(!ending.error.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
    }

    @Test(
        "--loops without --model tasks is wrong usage", arguments: [["--loops", "2"]], [[], ["--model", "threads"]])
    func loopsNeedTasks(option: [String], model: [String]) async throws {
        let ending = try await Tool.run(["serve"] + model + option)
        #expect(ending.code == 64)
        #expect(ending.error.contains("\(option[0]) needs --model tasks."))
    }

    @Test("the help names defaults and ranges", arguments: ["serve", "connect", "check", "bench"])
    func helpNamesDefaults(command: String) async throws {
        let ending = try await Tool.run([command, "--help"])
        #expect(ending.code == 0)
        let text = ending.output.split { $0.isWhitespace }.joined(separator: " ")
        #expect(text.contains("(range: 10ms to 1h; default: ") || text.contains("(range: 0 to 65535; default: 7007)"))
    }
}
