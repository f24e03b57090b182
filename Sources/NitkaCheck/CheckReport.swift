// SPDX-License-Identifier: Apache-2.0

public import Nitka

/// What ``EchoCheck`` found: every stage in its order, and the verdict.
public struct CheckReport: Sendable {
    /// What was checked.
    public let endpoint: Endpoint
    /// What the bytes that were sent are made from: with the same seed, the same are sent.
    public let seed: UInt64
    /// How many clients were to be served at once.
    public let clients: Int
    /// All stages in their order, those too that were skipped.
    public internal(set) var stages: [StageReport] = []
    /// How long it all took.
    public internal(set) var duration: Duration = .zero

    init(of check: EchoCheck) {
        endpoint = check.endpoint
        seed = check.settings.seed
        clients = max(1, check.settings.clients)
    }

    /// The stages that failed.
    public var failures: [StageReport] { stages.filter { $0.outcome == .failed } }

    /// What a stage found.
    public subscript(stage: CheckStage) -> StageReport? { stages.first { $0.stage == stage } }

    /// All together.
    public var verdict: CheckVerdict {
        // That a path is open which was to be blocked is a finding; that there is none is not one about the echo.
        let hasFinding = failures.contains { failure in
            failure.stage != .resolve && failure.stage != .connect
                || failure.reason == .notBlocked || failure.reason == .blockedOtherwise
        }
        if hasFinding { return .failed }
        return failures.isEmpty && leftOut.isEmpty ? .passed : .notJudged
    }

    /// The stages that were to be asked, and that nobody could ask: for want of a thread, say, or since the check ended
    /// early.
    var leftOut: [StageReport] {
        let reasons = CheckReason.ofThisMachine.union(CheckReason.ofTheUser)
        return stages.filter { stage in stage.reason.map(reasons.contains) ?? false }
    }
}

/// What a check comes to.
public enum CheckVerdict: String, Sendable {
    /// Every stage that was asked for is good.
    case passed
    /// Something is not.
    case failed
    /// There was nobody to judge: no address, or none that takes connections; or the check could not be run, or was
    /// ended early before anything failed.
    case notJudged = "not-judged"
}

/// What one stage of a check found.
public struct StageReport: Hashable, Sendable {
    /// Which.
    public let stage: CheckStage
    /// How it went.
    public let outcome: StageOutcome
    /// Why it failed or was skipped; nil for one that passed.
    public let reason: CheckReason?
    /// What was found, as the end of a sentence: `client 7, offset 4096: 512 bytes lost`. Names and addresses in it are
    /// as the user and the resolver gave them.
    public let finding: String
    /// How long it took.
    public let duration: Duration
}

/// How a stage went.
public enum StageOutcome: String, Sendable {
    case passed = "pass"
    case failed = "fail"
    case skipped = "skip"
}

/// A stage that can't go on.
struct StageFailure: Error {
    var reason: CheckReason
    var finding: String

    init(_ reason: CheckReason, _ finding: String) {
        self.reason = reason
        self.finding = finding
    }
}
