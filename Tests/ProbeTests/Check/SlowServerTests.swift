// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaKernel
import NitkaProbe
import Testing

/// Servers that are right, and slow: a check must not call them anything but slow.
@Suite struct SlowServerTests {
    private func report(
        of handler: @escaping Misbehaviour.Handler, _ change: (inout EchoCheck.Settings) -> Void
    ) async throws -> CheckReport {
        var settings = Misbehaviour.quick
        change(&settings)
        let slow = Misbehaviour(name: "is slow", findings: [:]) { _ in handler }
        return try await whileMisbehaving(slow, seed: 0) { [settings] in await EchoCheck($0, settings).run() }
    }

    private static func pause(_ duration: Duration) {
        _ = Monitor(false).wait(until: .now + duration) { $0 ? true : nil }
    }

    /// Every answer takes longer than it may: nothing is lost, and nobody waits for others.
    @Test(arguments: [[CheckStage.echo], [.integrity], [.halfClose], [.together], [.crossTalk], [.close]])
    func whoAnswersLateIsSlow(stages: Set<CheckStage>) async throws {
        let report = try await report { client, _ in
            while let bytes = try client.read() {
                Self.pause(.milliseconds(2200))
                try client.write(bytes)
            }
            Self.pause(.milliseconds(2200))
        } _: { settings in
            // After four seconds it would be no answer at all.
            settings.timeout = .seconds(2)
            settings.stages = stages
        }
        #expect(report.failures.map(\.reason) == [.tooSlow], "\(CheckTable(report).lines())")
        #expect(report.failures.map { Set([$0.stage]) } == [stages])
    }

    /// One byte every now and then: no silence is ever long, so only the limit of the stage ends it.
    @Test func whoDripsIsSlow() async throws {
        let report = try await report { client, _ in
            while let bytes = try client.read() {
                for byte in bytes {
                    try client.write([byte])
                    Self.pause(.milliseconds(50))
                }
            }
        } _: { settings in
            settings.timeout = .seconds(1)
            settings.clients = 2
        }
        let reasons = Dictionary(uniqueKeysWithValues: report.stages.map { ($0.stage, $0.reason) })
        let table = "\(CheckTable(report).lines())"
        #expect(reasons[.echo] == .tooSlow, "\(table)")
        #expect(reasons[.integrity] == .notReached, "\(table)")
        #expect(reasons[.together] == .tooSlow, "\(table)")
        #expect(report.duration < .seconds(90))
    }

    /// Late and wrong at once: wrong is what counts. All bytes are changed alike, which makes them no other client's.
    @Test func whoAnswersLateAndWronglyIsWrong() async throws {
        let report = try await report { client, _ in
            while let bytes = try client.read() {
                Self.pause(.milliseconds(150))
                try client.write(bytes.map { $0 ^ 1 })
            }
        } _: { settings in
            settings.timeout = .milliseconds(20)
            settings.stages = [.together]
        }
        #expect(report.failures.map(\.reason) == [.changed], "\(CheckTable(report).lines())")
    }

    /// What comes only when more was sent does not come late: the answer was withheld.
    @Test func whoAnswersWholeBlocksIsNotSlow() async throws {
        let report = try await report { client, _ in
            var kept: [UInt8] = []
            while let bytes = try client.read() {
                kept += bytes
                // The first byte and the 256 values come back; from then on whole blocks alone.
                let count = client.connection.bytesReceived <= 257 ? kept.count : kept.count / 32 * 32
                try client.write(Array(kept[..<count]))
                kept.removeSubrange(..<count)
            }
        } _: { settings in
            settings.timeout = .seconds(2)
            settings.stages = [.echo]
        }
        #expect(report.failures.map(\.reason) == [.noAnswer], "\(CheckTable(report).lines())")
    }
}
