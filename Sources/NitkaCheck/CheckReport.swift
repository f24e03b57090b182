// SPDX-License-Identifier: Apache-2.0

public import Nitka
internal import NitkaProbe
internal import NitkaSystem

/// A stage of a check. Stages run in the order of the cases.
public enum CheckStage: String, CaseIterable, Sendable {
    /// Resolves the name to addresses.
    case resolve
    /// Connects to every address; passes if at least one accepts connections, or all if the settings require all.
    case connect
    /// Echoes messages of many sizes, and every byte value.
    case echo
    /// Echoes megabytes while both directions stream at the same time.
    case integrity
    /// Half-closes after the last byte, and expects all bytes back, then the end of the stream (RFC 9293 section 3.6).
    case halfClose = "half-close"
    /// Connects many clients, and expects a reply for each while all stay connected.
    case together
    /// Echoes the streams of many clients at the same time, and expects each client to get only its own bytes.
    case crossTalk = "cross-talk"
    /// Leaves a connection silent, and expects it to stay open.
    case idle
    /// Half-closes after the last reply, and expects a FIN rather than a reset.
    case close

    /// The stages that must pass before this one can be judged.
    ///
    /// ``echo`` is not listed: after it fails, its result decides which later stages can be judged.
    var needs: [CheckStage] {
        switch self {
        case .resolve: []
        case .connect: [.resolve]
        case .echo: [.resolve, .connect]
        case .crossTalk: [.resolve, .connect, .together]
        default: [.resolve, .connect]
        }
    }
}

/// The result of an ``EchoCheck``: all stages in order, and the verdict.
public struct CheckReport: Sendable {
    /// The server that was checked.
    public let endpoint: Endpoint
    /// The seed of the bytes that the clients sent. A check with the same seed sends the same bytes.
    public let seed: UInt64
    /// The number of clients that the server had to serve at the same time.
    public let clients: Int
    /// The addresses of the name, in the resolver's order; empty if no connection was attempted.
    public internal(set) var addresses: [AddressReport] = []
    /// The address at which the stages after `connect` judged the server: the first that accepted a connection.
    public internal(set) var checkedAddress: SocketAddress?
    /// When the check began, in UTC (RFC 3339).
    public internal(set) var began: String
    /// All stages in order, including skipped ones.
    public internal(set) var stages: [StageReport] = []
    /// The duration of the whole check.
    public internal(set) var duration: Duration = .zero

    init(of check: EchoCheck) {
        endpoint = check.endpoint
        seed = check.settings.seed
        clients = max(1, check.settings.clients)
        began = WallClock.text
    }

    /// The stages that failed.
    public var failures: [StageReport] { stages.filter { $0.outcome == .failed } }

    /// The report of one stage; nil while the check has not reached it.
    public subscript(stage: CheckStage) -> StageReport? { stages.first { $0.stage == stage } }

    /// The verdict on the whole check.
    public var verdict: CheckVerdict {
        // Without a connection there is no echo to judge. An open path that must be blocked is a failure, though.
        let hasFinding = failures.contains { failure in
            failure.stage != .resolve && failure.stage != .connect
                || failure.reason.map(CheckReason.ofOpenPaths.contains) ?? false
        }
        if hasFinding { return .failed }
        return failures.isEmpty && leftOut.isEmpty ? .passed : .notJudged
    }

    /// The stage with the slowest connection, and how long that took to be established; nil without a connection.
    public var slowestConnect: (stage: CheckStage, duration: Duration)? {
        stages.compactMap { stage in stage.slowestConnect.map { (stage.stage, $0) } }.max { $0.1 < $1.1 }
    }

    /// The requested stages that could not run: this machine lacked a resource, or the check ended early.
    var leftOut: [StageReport] {
        let reasons = CheckReason.ofThisMachine.union(CheckReason.ofTheCaller)
        return stages.filter { stage in stage.reason.map(reasons.contains) ?? false }
    }
}

/// The verdict of a check.
public enum CheckVerdict: String, Sendable {
    /// Every requested stage passed.
    case passed
    /// At least one stage found a fault.
    case failed
    /// No address was found or none accepts connections, the check could not run, or it ended early before any failure.
    case notJudged = "not-judged"
}

/// The result of one stage.
public struct StageReport: Hashable, Sendable {
    /// The stage.
    public let stage: CheckStage
    /// Whether the stage passed, failed or was skipped.
    public let outcome: StageOutcome
    /// The reason for a failure or a skip; nil for a stage that passed.
    public let reason: CheckReason?
    /// The finding, without an initial capital or a full stop: `client 7, offset 4096: 512 bytes lost`.
    ///
    /// It may contain text from the server, which is not escaped: a writer escapes the whole finding once, as its
    /// destination requires.
    public let finding: String
    /// The duration of the stage; zero for a skipped stage that did not begin.
    public let duration: Duration
    /// How long the slowest connection of the stage took to be established; nil if there was none.
    public var slowestConnect: Duration?
}

extension StageReport {
    /// From this duration on, connecting is part of the finding: the kernel lost a SYN, which it repeats after 1 s.
    static let notableConnect = Duration.seconds(1)

    /// What to add to a finding if a connection was slow. The stages connect and together always name their times.
    static func slowConnect(_ slowest: Duration?, in stage: CheckStage) -> String {
        guard stage != .connect, stage != .together, let slowest, slowest >= notableConnect else { return "" }
        return "; slowest connect \(Figures.time(slowest))"
    }
}

/// The result of the stage `connect` for one address.
public struct AddressReport: Hashable, Sendable {
    /// The address.
    public let address: SocketAddress
    /// Why a connection attempt failed; nil for an address that accepts connections.
    public let reason: CheckReason?
    /// The finding, for example `connect to 192.0.2.1:7: timed out after 2 s`.
    public let finding: String
    /// The duration of the connection attempt.
    public let duration: Duration

    init(_ attempt: ConnectAttempt) {
        address = attempt.address
        reason = attempt.failure?.reason
        finding = attempt.description
        duration = attempt.duration
    }
}

/// The outcome of a stage.
public enum StageOutcome: String, Sendable {
    case passed = "pass"
    case failed = "fail"
    case skipped = "skip"
}

/// The error that ends a stage.
struct StageFailure: Error {
    var reason: CheckReason
    var finding: String

    init(_ reason: CheckReason, _ finding: String) {
        self.reason = reason
        self.finding = finding
    }

    static let noThread = StageFailure(.noThread, "this machine cannot create more threads")
}
