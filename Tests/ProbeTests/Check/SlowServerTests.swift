// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import NitkaCheck
import Testing

@Suite("Check: slow servers") struct SlowServerTests {
    /// Expects a check of these stages to fail in all of them, with these reasons.
    private func expect(
        _ reasons: [CheckReason], in stages: Set<CheckStage>, timeout: Duration,
        of handler: @escaping @Sendable (_ factor: Int) -> FaultyServer.Handler
    ) async throws {
        func isRight(_ report: CheckReport) -> Bool {
            report.failures.map(\.reason) == reasons && Set(report.failures.map(\.stage)) == stages
        }
        let report = try await checkWithRetries(until: isRight) { factor in
            var settings = FaultyServer.quick
            settings.timeout = timeout * factor
            settings.stages = stages
            return try await Self.report(of: handler(factor), settings)
        }
        #expect(isRight(report), "\(CheckTable(report).lines().joined(separator: "\n"))")
    }

    private static func report(
        of handler: @escaping FaultyServer.Handler, _ settings: EchoCheck.Settings
    ) async throws -> CheckReport {
        let slow = FaultyServer(name: "is slow", findings: [:]) { _ in handler }
        return try await withFaultyServer(slow, seed: 0) { [settings] in await EchoCheck($0, settings).run() }
    }

    private static func pause(_ duration: Duration) {
        _ = Monitor(false).wait(until: .now + duration) { $0 ? true : nil }
    }

    /// Every reply takes longer than the timeout, but less than twice as long, after which it would count as missing.
    @Test(
        "late replies are too slow, not lost, and no client waits for another",
        arguments: [[CheckStage.echo], [.integrity], [.halfClose], [.together], [.crossTalk], [.close]])
    func lateRepliesAreTooSlow(stages: Set<CheckStage>) async throws {
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

    /// No silence exceeds the timeout, so only the time limit of the stage ends it.
    @Test("single bytes at intervals are too slow")
    func slowBytesAreTooSlow() async throws {
        func isRight(_ report: CheckReport) -> Bool {
            let reasons = Dictionary(uniqueKeysWithValues: report.stages.map { ($0.stage, $0.reason) })
            return reasons[.echo] == .tooSlow && reasons[.integrity] == .notReached && reasons[.together] == .tooSlow
        }
        let report = try await checkWithRetries(until: isRight, factors: [1, 3]) { factor in
            var settings = FaultyServer.quick
            settings.timeout = .seconds(factor)
            settings.clients = 2
            return try await Self.report(of: Self.slowBytes, settings)
        }
        #expect(isRight(report), "\(CheckTable(report).lines().joined(separator: "\n"))")
        #expect(report.duration < .seconds(270))
    }

    private static let slowBytes: FaultyServer.Handler = { client, _ in
        while let bytes = try client.read() {
            for byte in bytes {
                try client.write([byte])
                pause(.milliseconds(50))
            }
        }
    }

    /// Every byte is changed in the same way, which must not look like another client's bytes.
    @Test("late and wrong bytes are wrong, not too slow")
    func lateAndWrongBytesAreWrong() async throws {
        try await expect([.changed], in: [.together], timeout: .milliseconds(500)) { factor in
            { client, _ in
                while let bytes = try client.read() {
                    Self.pause(.milliseconds(700) * factor)
                    try client.write(bytes.map { $0 ^ 1 })
                }
            }
        }
    }

    /// A reply that comes only after the client sends more is not late: the server withheld it.
    @Test("a reply that is withheld until more is sent is missing, not too slow")
    func withheldRepliesAreNotSlow() async throws {
        try await expect([.noAnswer], in: [.echo], timeout: .seconds(2)) { _ in
            { client, _ in
                var kept: [UInt8] = []
                while let bytes = try client.read() {
                    kept += bytes
                    // The first byte and the 256 byte values come back; after them, only whole blocks.
                    let count = client.connection.bytesReceived <= 257 ? kept.count : kept.count / 32 * 32
                    try client.write(Array(kept[..<count]))
                    kept.removeSubrange(..<count)
                }
            }
        }
    }
}
