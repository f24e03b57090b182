// SPDX-License-Identifier: Apache-2.0

@testable import Nitka
@testable import NitkaBench
@testable import NitkaTool

internal import ArgumentParser
internal import NitkaCheck

/// A whole command line, 1 argument for each line: it parses to values in their ranges, or is refused with 64.
func fuzzCommandLine(_ bytes: [UInt8]) {
    let arguments = text(of: bytes).split(separator: "\n", maxSplits: 16, omittingEmptySubsequences: false)
    do {
        switch try NitkaCommand.parseAsRoot(arguments.map(String.init)) {
        case let command as ServeCommand:
            expect((0...65_535).contains(command.port), "port \(command.port)")
            _ = succeeds("limits that were accepted") { try command.limits.limits() }
        case let command as BenchCommand:
            expectRange(command.load.plan(isSearch: command.findMax != nil))
            _ = succeeds("limits of the server") { try command.load.serverLimits() }
        case let command as CheckCommand:
            expect(command.how.settings.timeout > .zero, "a timeout of \(command.how.settings.timeout)")
            _ = succeeds("limits of the server") { try command.how.serverLimits() }
        default: break
        }
    } catch {
        let code = NitkaCommand.exitCode(for: error).rawValue
        expect(code == 0 || code == 64, "exit code \(code)")
        expect(!NitkaCommand.fullMessage(for: error).isEmpty || code == 0, "a refusal without a message")
    }
}

private func expectRange(_ plan: BenchPlan) {
    expect(plan.clients > 0 && plan.size > 0 && plan.depth > 0, "a plan of \(plan)")
    expect(plan.rate.map { $0 > 0 && $0.isFinite } ?? true, "a rate of \(String(describing: plan.rate))")
    expect(plan.duration > .zero && plan.timeout > .zero && plan.warmup >= .zero, "a plan of \(plan)")
}
