// SPDX-License-Identifier: Apache-2.0

import Subprocess

/// Runs scripts with a real shell.
enum Shell {
    /// Runs a script in which `nitka` is the tool.
    static func run(_ script: String, of shell: String = "bash", input: String? = nil) async throws -> Tool.Ending {
        let result = try await Subprocess.run(
            .name(shell), arguments: ["-c", "nitka() { \(Tool.path) \"$@\"; }; \(script)"],
            input: .string(input ?? ""), output: .string(limit: 1 << 22), error: .string(limit: 1 << 20))
        return Tool.Ending(
            code: Tool.code(result.terminationStatus), output: result.standardOutput, error: result.standardError)
    }
}
