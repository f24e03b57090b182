// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct CheckTests {
    @Test func threadsPass() async throws {
        let ending = try await Tool.run(["check", "--model", "threads"])
        #expect(ending.code == 0)
        #expect(ending.output.contains("served at once       8 of 8"))
        #expect(ending.output.contains("PASS"))
    }

    @Test func iterativeFailsAndSaysWhy() async throws {
        let ending = try await Tool.run(["check", "--model", "iterative", "--timeout", "300ms"])
        #expect(ending.code == 1)
        #expect(ending.output.contains("served at once       1 of 8"))
        #expect(ending.output.contains("FAIL: clients wait for one another"))
    }

    @Test func nothingThereIsNoVerdict() async throws {
        let ending = try await Tool.run(["check", "127.0.0.1:1"])
        #expect(ending.code == 2)
        #expect(ending.output == "could not be judged: connect to 127.0.0.1:1: connection refused\n")
    }
}
