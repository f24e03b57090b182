// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Histogram
import NitkaBench
import NitkaProbe

/// Runs the body with a temporary folder, and removes the folder.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "nitka-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path)
}

func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }

/// The outcome of a run of 2 seconds; the shortest round trip takes `trip` nanoseconds.
func outcome(trip: UInt64, echoes: Int = 1000) -> BenchOutcome {
    var outcome = BenchOutcome(plan: BenchPlan(), address: "127.0.0.1:7007", began: "2026-11-25T06:30:00.250Z")
    outcome.duration = .seconds(2)
    outcome.clients = 50
    for second in 0..<2 {
        var times = BenchOutcome.histogram()
        for index in 0..<UInt64(echoes / 2) { times.record(trip + index * index * 20) }
        outcome.seconds.append(
            BenchSecond(
                start: .seconds(second), length: .seconds(1), echoes: times.totalCount, bytes: 64 * times.totalCount,
                errors: 0, latency: times))
        outcome.latency.add(times)
    }
    outcome.service = outcome.latency
    outcome.echoes = outcome.latency.totalCount
    outcome.bytes = 64 * outcome.echoes
    return outcome
}
