// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// One run of a check: the stages in their order, each unless something forbids it.
final class CheckRun: Sendable {
    let check: EchoCheck
    private let watch = CheckWatch()
    private let progress: (@Sendable (CheckProgress) -> Void)?

    init(_ check: EchoCheck, _ progress: (@Sendable (CheckProgress) -> Void)? = nil) {
        self.check = check
        self.progress = progress
    }

    /// Any thread.
    func stop(_ reason: CheckReason) { watch.stop(reason) }

    func run() -> CheckReport {
        guard watch.start() else { return withoutThread() }
        defer { watch.finish() }
        let began = MonotonicTime.now
        var report = CheckReport(of: check)
        var path = CheckPath()
        for stage in CheckStage.allCases {
            if let reason = obstacle(to: stage, after: report, path) {
                add(skipped(stage, reason), to: &report)
            } else {
                progress?(.began(stage))
                add(ask(stage, &path), to: &report)
            }
        }
        report.duration = .now - began
        return report
    }

    /// The report of a check for which there is no thread.
    func withoutThread() -> CheckReport {
        var report = CheckReport(of: check)
        for stage in CheckStage.allCases {
            add(skipped(stage, StageFailure(.noThread, "this machine gives no more threads")), to: &report)
        }
        return report
    }

    private func add(_ stage: StageReport, to report: inout CheckReport) {
        report.stages.append(stage)
        progress?(.ended(stage))
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
            // What was shut down from here says nothing about the server.
            let error = stopped ?? error
            let isOurs = CheckReason.ofThisMachine.union(CheckReason.ofTheUser).contains(error.reason)
            return report(isOurs ? .skipped : .failed, error.reason, error.finding)
        }
    }

    /// Why a stage is not asked; nil when it is.
    private func obstacle(to stage: CheckStage, after report: CheckReport, _ path: CheckPath) -> StageFailure? {
        let settings = check.settings
        // First, so that a check which is ended early says the same of them whenever that is.
        if !settings.asks(stage) { return StageFailure(.notAsked, "not asked for") }
        if let stopped { return stopped }
        if stage == .resolve { return nil }
        for need in stage.needs {
            guard let earlier = report[need], let reason = earlier.reason else { continue }
            let isOurs = CheckReason.ofThisMachine.contains(reason)
            guard earlier.outcome == .failed || isOurs else { continue }
            if stage == .crossTalk, need == .together, !isOurs, !Self.unanswered.contains(reason) { continue }
            let why = isOurs ? "was not judged" : "failed"
            return StageFailure(.notReached, "\(need.rawValue) \(why), without which it can't be judged")
        }
        if stage == .connect { return nil }
        if settings.expected != nil { return StageFailure(.blocked, "the path is blocked, as it was to be") }
        return obstacle(to: stage, afterEcho: report[.echo], path)
    }

    /// A server that spoils some messages may be judged on; one that does not even give back a byte is none, and a
    /// stream can't be judged where messages are too slow.
    private func obstacle(to stage: CheckStage, afterEcho echo: StageReport?, _ path: CheckPath) -> StageFailure? {
        guard let echo, echo.outcome == .failed else { return nil }
        if !path.echoes { return StageFailure(.notReached, "nothing is echoed, so it can't be judged") }
        guard echo.reason == .tooSlow, stage == .integrity || stage == .halfClose else { return nil }
        return StageFailure(.notReached, "echo was too slow for a stream to be judged")
    }

    private var stopped: StageFailure? {
        watch.stopReason.map { StageFailure($0, "the check was \($0)") }
    }

    /// Clients who were not served at once can't mix their bytes; those who were served wrongly may.
    private static let unanswered: Set<CheckReason> = [
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
    /// A byte was sent, and came back.
    var echoes = false
}
