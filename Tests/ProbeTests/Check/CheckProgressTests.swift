// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import NitkaCheck
import Testing

@Suite("Check: progress and interruption") struct CheckProgressTests {
    private static let good = FaultyServer(name: "has no fault", findings: [:]) { _ in
        { client, _ in try EchoService.serve(client) }
    }

    private static let longTimeout: EchoCheck.Settings = {
        var settings = FaultyServer.quick
        settings.timeout = .seconds(20)
        return settings
    }()

    @Test("a check reports when each stage begins and ends")
    func reportsEveryStage() async throws {
        let ended = Monitor<[StageReport]>([])
        let begun = Monitor<[CheckStage]>([])
        let report = try await withFaultyServer(Self.good, seed: 0) { endpoint in
            await EchoCheck(endpoint, Self.longTimeout).run { progress in
                switch progress {
                case .began(let stage): begun.withLock { $0.append(stage) }
                case .ended(let stage): ended.withLock { $0.append(stage) }
                }
            }
        }
        #expect(ended.withLock { $0 } == report.stages)
        #expect(begun.withLock { $0 } == report.stages.filter { $0.outcome != .skipped }.map(\.stage))
    }

    /// Errors that follow from the interruption must not count as the server's.
    @Test("an interruption ends a check in any stage, and fails none", arguments: CheckStage.allCases)
    func interruptionEndsEveryStage(stage: CheckStage) async throws {
        var settings = Self.longTimeout
        settings.idle = .seconds(3600)
        if stage == .close { settings.stages.remove(.idle) }
        let interruption = CheckInterruption()
        let report = try await withFaultyServer(Self.good, seed: 0) { [settings] endpoint in
            await EchoCheck(endpoint, settings).run(interruptedBy: interruption) { progress in
                if case .began(stage) = progress { interruption.interrupt() }
            }
        }
        #expect(report.failures.isEmpty, "\(CheckTable(report).lines())")
        // The lookup of a numeric address may finish before the interruption takes effect.
        let skipped = report.stages.drop { $0.outcome == .passed || $0.reason == .notAsked }
        #expect(skipped.allSatisfy { $0.reason == .interrupted }, "\(CheckTable(report).lines())")
        #expect(report.verdict == .notJudged || stage == .close)
    }

    @Test("an earlier interruption ends a check at once")
    func interruptionIsPermanent() async throws {
        let interruption = CheckInterruption()
        interruption.interrupt()
        let report = await EchoCheck(try Endpoint("127.0.0.1:1")).run(interruptedBy: interruption)
        #expect(report.stages.allSatisfy { $0.reason == ($0.stage == .idle ? .notAsked : .interrupted) })
    }
}
