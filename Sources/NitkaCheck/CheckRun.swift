// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// One run of a check: runs or skips each stage in order, and collects the report.
final class CheckRun: Sendable {
    let check: EchoCheck
    private let watchdog = StageWatchdog()
    private let progress: (@Sendable (CheckProgress) -> Void)?

    init(_ check: EchoCheck, _ progress: (@Sendable (CheckProgress) -> Void)? = nil) {
        self.check = check
        self.progress = progress
    }

    /// Ends the run early. May be called on any thread.
    func stop(_ reason: CheckReason) { watchdog.stop(reason) }

    func run() -> CheckReport {
        guard watchdog.start() else { return reportWithoutThread() }
        defer { watchdog.finish() }
        let began = MonotonicTime.now
        var report = CheckReport(of: check)
        var path = CheckPath()
        for stage in CheckStage.allCases {
            if let reason = obstacle(to: stage, after: report, path) {
                add(skipped(stage, reason), to: &report)
            } else {
                progress?(.began(stage))
                add(run(stage, &path), to: &report)
            }
        }
        report.duration = .now - began
        report.checkedAddress = path.address
        report.addresses = path.attempts.map { AddressReport($0) }
        return report
    }

    /// The report of a check that could not create its thread.
    func reportWithoutThread() -> CheckReport {
        var report = CheckReport(of: check)
        for stage in CheckStage.allCases {
            add(skipped(stage, .noThread), to: &report)
        }
        return report
    }

    private func add(_ stage: StageReport, to report: inout CheckReport) {
        report.stages.append(stage)
        progress?(.ended(stage))
    }

    private func run(_ stage: CheckStage, _ path: inout CheckPath) -> StageReport {
        let began = MonotonicTime.now
        var slowest: Duration?
        func report(_ outcome: StageOutcome, _ reason: CheckReason?, _ finding: String) -> StageReport {
            StageReport(
                stage: stage, outcome: outcome, reason: reason,
                finding: finding + StageReport.slowConnect(slowest, in: stage), duration: .now - began,
                slowestConnect: slowest)
        }
        let settings = check.settings
        do throws(StageFailure) {
            var finding = ""
            for repetition in 0..<max(1, settings.repeats) {
                let context = StageContext(settings, stage, repetition: repetition, watchdog)
                defer {
                    watchdog.end()
                    slowest = [slowest, context.connects.slowest].compactMap(\.self).max()
                }
                finding = try context.run(stage, of: check, &path)
            }
            return report(.passed, nil, finding)
        } catch {
            // A stop shuts the connections down: the resulting error says nothing about the server.
            let error = stopped ?? error
            let isLocal = CheckReason.ofThisMachine.union(CheckReason.ofTheCaller).contains(error.reason)
            return report(isLocal ? .skipped : .failed, error.reason, error.finding)
        }
    }

    /// The reason to skip a stage; nil if the stage must run.
    private func obstacle(to stage: CheckStage, after report: CheckReport, _ path: CheckPath) -> StageFailure? {
        let settings = check.settings
        // Before the stop: such a stage has the same reason in every report, whenever a check was stopped.
        if !settings.includes(stage) { return StageFailure(.notAsked, "not asked for") }
        if let stopped { return stopped }
        if stage == .resolve { return nil }
        for need in stage.needs {
            guard let earlier = report[need], let reason = earlier.reason else { continue }
            let isLocal = CheckReason.ofThisMachine.contains(reason)
            // With a dead address, the other stages judge an address that accepts connections.
            if need == .connect, path.address != nil { continue }
            guard earlier.outcome == .failed || isLocal else { continue }
            if stage == .crossTalk, need == .together, !isLocal, !Self.unanswered.contains(reason) { continue }
            let result = isLocal ? "could not be judged" : "failed"
            return StageFailure(.notReached, "not judged because \(need.rawValue) \(result)")
        }
        if stage == .connect { return nil }
        if settings.expected != nil { return StageFailure(.blocked, "the path is blocked, as expected") }
        return obstacle(to: stage, afterEcho: report[.echo], path)
    }

    /// The reason to skip a stage after a failed `echo`; nil if the stage can still be judged.
    ///
    /// A server that corrupts some messages can be judged further. A server that echoes no byte at all cannot, and
    /// streams cannot be judged if messages are already too slow.
    private func obstacle(to stage: CheckStage, afterEcho echo: StageReport?, _ path: CheckPath) -> StageFailure? {
        guard let echo, echo.outcome == .failed else { return nil }
        if !path.echoes { return StageFailure(.notReached, "not judged because the server did not echo a single byte") }
        guard echo.reason == .tooSlow, stage == .integrity || stage == .halfClose else { return nil }
        return StageFailure(.notReached, "not judged because echo was too slow")
    }

    private var stopped: StageFailure? {
        watchdog.stopReason.map { StageFailure($0, "the check was \($0)") }
    }

    /// Failures of `together` that make `cross-talk` pointless: clients that are not served at the same time cannot get
    /// each other's bytes.
    private static let unanswered: Set<CheckReason> = [
        .noAnswer, .waitsForOthers, .refused, .timedOut, .reset, .closedEarly, .unreachable, .failed, .tooSlow,
    ]

    private func skipped(_ stage: CheckStage, _ reason: StageFailure) -> StageReport {
        StageReport(
            stage: stage, outcome: .skipped, reason: reason.reason, finding: reason.finding, duration: .zero)
    }
}

/// What earlier stages found out and later stages need.
struct CheckPath {
    /// The addresses of the name.
    var addresses: [SocketAddress] = []
    /// The first address that accepted a connection.
    var address: SocketAddress?
    /// The result of each address. Of several repetitions, the first that failed.
    private(set) var attempts: [ConnectAttempt] = []
    /// Whether the server echoed at least 1 byte.
    var echoes = false

    /// The addresses that accepted connections.
    var openAddresses: [SocketAddress] { attempts.filter { $0.failure == nil }.map(\.address) }

    mutating func add(_ new: [ConnectAttempt]) {
        attempts = attempts.isEmpty ? new : zip(attempts, new).map { $0.failure == nil ? $1 : $0 }
    }
}
