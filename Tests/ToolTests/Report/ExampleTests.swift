// SPDX-License-Identifier: Apache-2.0

import NitkaBench
import NitkaProbe
import Testing

/// Runs each example in the help of these commands.
@Suite struct ExampleTests {
    @Test("every example in the help of merge and compare runs", arguments: ["merge", "compare"])
    func helpExamplesRun(command: String) async throws {
        let help = try await Tool.run(["help", command])
        let examples = help.output.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            return words.starts(with: ["nitka", command]) ? Array(words.dropFirst()) : nil
        }
        #expect(examples.count == 2)
        try await withFolder { folder in
            for name in ["before", "after"] {
                try write(BenchReport(outcome(trip: 100_000)).json(), to: "\(folder)/\(name).json")
            }
            for name in ["a", "b"] {
                try write(HistogramLog(outcome(trip: 100_000)).text, to: "\(folder)/\(name).hlog")
            }
            for example in examples {
                // Read and write the files of an example in a folder of the test.
                let isFile = { (word: String) in word.hasSuffix(".json") || word.hasSuffix(".hlog") }
                let ending = try await Tool.run(example.map { isFile($0) ? "\(folder)/\($0)" : $0 })
                #expect(ending.code == 0, "\(example)")
                #expect(ending.error == "")
            }
        }
    }
}
