// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Subprocess
import SystemPackage

/// The built tool, in the same folder as the test bundle.
enum Tool {
    static let path: FilePath = {
        let parts = CommandLine.arguments[0].split(separator: "/").dropLast()
        return FilePath("/" + parts.joined(separator: "/") + "/nitka")
    }()

    struct Ending {
        let code: Int32?
        let output: String
        let error: String
    }

    /// Runs the tool, or another program, to its end.
    static func run(
        _ arguments: [String], input: [UInt8] = [], of path: FilePath = path
    ) async throws -> Ending {
        let result = try await Subprocess.run(
            .path(path), arguments: Arguments(arguments), input: .array(input),
            output: .string(limit: 1 << 22), error: .string(limit: 1 << 20))
        return Ending(
            code: code(result.terminationStatus), output: result.standardOutput,
            error: result.standardError)
    }

    static func code(_ status: TerminationStatus) -> Int32? {
        if case .exited(let code) = status { code } else { nil }
    }
}
