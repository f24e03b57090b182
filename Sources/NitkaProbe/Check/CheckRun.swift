// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaKernel

/// One run of a check: the stages in their order, each unless something forbids it.
final class CheckRun: Sendable {
    let check: EchoCheck
    private let watch = CheckWatch()

    init(_ check: EchoCheck) { self.check = check }

    /// Any thread.
    func cancel() { watch.cancel() }

    func run() -> CheckReport {
        guard watch.start() else { return withoutThread() }
        defer { watch.stop() }
        let began = MonotonicTime.now
        var report = CheckReport(of: check)
        var path = CheckPath()
        for stage in CheckStage.allCases {
            if let reason = obstacle(to: stage, after: report) {
                report.stages.append(skipped(stage, reason))
            } else {
                report.stages.append(ask(stage, &path))
            }
        }
        report.duration = .now - began
        return report
    }

    /// The report of a check for which there is no thread.
    func withoutThread() -> CheckReport {
        var report = CheckReport(of: check)
        report.stages = CheckStage.allCases.map {
            skipped($0, StageFailure(.noThread, "this machine gives no more threads"))
        }
        return report
    }

    private func ask(_ stage: CheckStage, _ path: inout CheckPath) -> StageReport {
        let began = MonotonicTime.now
        func report(_ outcome: StageOutcome, _ reason: CheckReason?, _ finding: String) -> StageReport {
            StageReport(
                stage: stage, outcome: outcome, reason: reason, finding: finding, duration: .now - began)
        }
        let settings = check.settings
        do throws(StageFailure) {
            var finding = ""
            for turn in 0..<max(1, settings.repeats) {
                let context = StageContext(settings, stage, turn: turn, watch)
                defer { watch.end() }
                finding = try context.ask(stage, of: check.endpoint, &path)
            }
            return report(.passed, nil, finding)
        } catch {
            if watch.isCancelled { return report(.skipped, .cancelled, "the check was cancelled") }
            return report(error.reason == .noThread ? .skipped : .failed, error.reason, error.finding)
        }
    }

    /// Why a stage is not asked; nil when it is.
    private func obstacle(to stage: CheckStage, after report: CheckReport) -> StageFailure? {
        let settings = check.settings
        if watch.isCancelled { return StageFailure(.cancelled, "the check was cancelled") }
        if stage == .resolve { return nil }
        for need in stage.needs {
            guard let earlier = report[need], earlier.outcome == .failed || earlier.reason == .noThread else {
                continue
            }
            if stage == .crossTalk, need == .together, !Self.unanswered.contains(earlier.reason) { continue }
            return StageFailure(.notReached, "\(need.rawValue) failed, without which it can't be judged")
        }
        if stage == .connect { return nil }
        if settings.expected != nil { return StageFailure(.blocked, "the path is blocked, as it was to be") }
        if !settings.stages.contains(stage) || stage == .idle && settings.idle == nil {
            return StageFailure(.notAsked, "not asked for")
        }
        return nil
    }

    /// Clients who were not served at once can't mix their bytes; those who were served wrongly may.
    private static let unanswered: Set<CheckReason?> = [
        .noAnswer, .waitsForOthers, .refused, .timedOut, .reset, .closedEarly, .unreachable, .failed, .tooSlow,
    ]

    private func skipped(_ stage: CheckStage, _ reason: StageFailure) -> StageReport {
        StageReport(
            stage: stage, outcome: .skipped, reason: reason.reason, finding: reason.finding, duration: .zero)
    }
}

/// What the first stages find for the later ones.
struct CheckPath {
    /// What the name stands for.
    var addresses: [SocketAddress] = []
    /// The first that took a connection.
    var address: SocketAddress?
}
