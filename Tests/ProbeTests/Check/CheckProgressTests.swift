// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import NitkaCheck
import Testing

@Suite struct CheckProgressTests {
    private static let good = Misbehaviour(name: "is good", findings: [:]) { _ in
        { client, _ in try EchoService.serve(client) }
    }

    private static let patient: EchoCheck.Settings = {
        var settings = Misbehaviour.quick
        settings.timeout = .seconds(20)
        return settings
    }()

    @Test func everyStageIsToldAsItEnds() async throws {
        let told = Monitor<[StageReport]>([])
        let begun = Monitor<[CheckStage]>([])
        let report = try await whileMisbehaving(Self.good, seed: 0) { endpoint in
            await EchoCheck(endpoint, Self.patient).run { progress in
                switch progress {
                case .began(let stage): begun.withLock { $0.append(stage) }
                case .ended(let stage): told.withLock { $0.append(stage) }
                }
            }
        }
        #expect(told.withLock { $0 } == report.stages)
        #expect(begun.withLock { $0 } == report.stages.filter { $0.outcome != .skipped }.map(\.stage))
    }

    /// In whatever stage: nothing that was shut down from here counts as the server's.
    @Test(arguments: CheckStage.allCases) func itIsEndedEarlyInEveryStage(stage: CheckStage) async throws {
        var settings = Self.patient
        settings.idle = .seconds(3600)
        if stage == .close { settings.stages.remove(.idle) }
        let interruption = CheckInterruption()
        let report = try await whileMisbehaving(Self.good, seed: 0) { [settings] endpoint in
            await EchoCheck(endpoint, settings).run(interruptedBy: interruption) { progress in
                if case .began(stage) = progress { interruption.interrupt() }
            }
        }
        #expect(report.failures.isEmpty, "\(CheckTable(report).lines())")
        // A look-up of an address may be done before anybody looks whether it is wanted.
        let skipped = report.stages.drop { $0.outcome == .passed || $0.reason == .notAsked }
        #expect(skipped.allSatisfy { $0.reason == .interrupted }, "\(CheckTable(report).lines())")
        #expect(report.verdict == .notJudged || stage == .close)
    }

    @Test func itStaysRaised() async throws {
        let interruption = CheckInterruption()
        interruption.interrupt()
        let report = await EchoCheck(try Endpoint("127.0.0.1:1")).run(interruptedBy: interruption)
        #expect(report.stages.allSatisfy { $0.reason == ($0.stage == .idle ? .notAsked : .interrupted) })
    }
}
