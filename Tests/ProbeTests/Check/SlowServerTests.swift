// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import NitkaCheck
import Testing

/// Servers that are right, and slow: a check must not call them anything but slow.
@Suite struct SlowServerTests {
    /// Failing with these reasons, and no other, in stages of which only these are asked.
    private func expect(
        _ reasons: [CheckReason], in stages: Set<CheckStage>, timeout: Duration,
        of handler: @escaping @Sendable (_ factor: Int) -> Misbehaviour.Handler
    ) async throws {
        func isRight(_ report: CheckReport) -> Bool {
            report.failures.map(\.reason) == reasons && Set(report.failures.map(\.stage)) == stages
        }
        let report = try await judgedPatiently(isRight) { factor in
            var settings = Misbehaviour.quick
            settings.timeout = timeout * factor
            settings.stages = stages
            return try await Self.report(of: handler(factor), settings)
        }
        #expect(isRight(report), "\(CheckTable(report).lines().joined(separator: "\n"))")
    }

    private static func report(
        of handler: @escaping Misbehaviour.Handler, _ settings: EchoCheck.Settings
    ) async throws -> CheckReport {
        let slow = Misbehaviour(name: "is slow", findings: [:]) { _ in handler }
        return try await whileMisbehaving(slow, seed: 0) { [settings] in await EchoCheck($0, settings).run() }
    }

    private static func pause(_ duration: Duration) {
        _ = Monitor(false).wait(until: .now + duration) { $0 ? true : nil }
    }

    /// Every answer takes longer than it may, and less than twice that, when it would be none: nothing is lost, and
    /// nobody waits for others.
    @Test(arguments: [[CheckStage.echo], [.integrity], [.halfClose], [.together], [.crossTalk], [.close]])
    func whoAnswersLateIsSlow(stages: Set<CheckStage>) async throws {
        try await expect([.tooSlow], in: stages, timeout: .seconds(2)) { factor in
            { client, _ in
                while let bytes = try client.read() {
                    Self.pause(.milliseconds(2200) * factor)
                    try client.write(bytes)
                }
                Self.pause(.milliseconds(2200) * factor)
            }
        }
    }

    /// One byte every now and then: no silence is ever long, so only the limit of the stage ends it.
    @Test func whoDripsIsSlow() async throws {
        func isRight(_ report: CheckReport) -> Bool {
            let reasons = Dictionary(uniqueKeysWithValues: report.stages.map { ($0.stage, $0.reason) })
            return reasons[.echo] == .tooSlow && reasons[.integrity] == .notReached && reasons[.together] == .tooSlow
        }
        let report = try await judgedPatiently(isRight, factors: [1, 3]) { factor in
            var settings = Misbehaviour.quick
            settings.timeout = .seconds(factor)
            settings.clients = 2
            return try await Self.report(of: Self.drip, settings)
        }
        #expect(isRight(report), "\(CheckTable(report).lines().joined(separator: "\n"))")
        #expect(report.duration < .seconds(270))
    }

    private static let drip: Misbehaviour.Handler = { client, _ in
        while let bytes = try client.read() {
            for byte in bytes {
                try client.write([byte])
                pause(.milliseconds(50))
            }
        }
    }

    /// Late and wrong at once: wrong is what counts. All bytes are changed alike, which makes them no other client's.
    @Test func whoAnswersLateAndWronglyIsWrong() async throws {
        try await expect([.changed], in: [.together], timeout: .milliseconds(500)) { factor in
            { client, _ in
                while let bytes = try client.read() {
                    Self.pause(.milliseconds(700) * factor)
                    try client.write(bytes.map { $0 ^ 1 })
                }
            }
        }
    }

    /// What comes only when more was sent does not come late: the answer was withheld.
    @Test func whoAnswersWholeBlocksIsNotSlow() async throws {
        try await expect([.noAnswer], in: [.echo], timeout: .seconds(2)) { _ in
            { client, _ in
                var kept: [UInt8] = []
                while let bytes = try client.read() {
                    kept += bytes
                    // The first byte and the 256 values come back; from then on whole blocks alone.
                    let count = client.connection.bytesReceived <= 257 ? kept.count : kept.count / 32 * 32
                    try client.write(Array(kept[..<count]))
                    kept.removeSubrange(..<count)
                }
            }
        }
    }
}
