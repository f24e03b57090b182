// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
public import Nitka

/// Checks the path to an echo server (RFC 862): is it reachable, do bytes come back intact, and does it serve all
/// clients at the same time?
///
/// A check runs the stages of ``CheckStage/allCases`` in order, each with its own time limit. It skips a stage that it
/// cannot judge because an earlier stage failed. A check throws no errors: the report contains every failure.
public struct EchoCheck: Sendable {
    /// The server to check.
    public let endpoint: Endpoint
    /// The stages to run, and their limits.
    public let settings: Settings
    /// Returns the addresses of a name. A test replaces it, because it cannot make the resolver return a dead address.
    package var lookUp: @Sendable (Endpoint) throws(NitkaError) -> [SocketAddress] = {
        (endpoint: Endpoint) throws(NitkaError) in try endpoint.resolved()
    }

    /// Creates a check of the server at an endpoint.
    public init(_ endpoint: Endpoint, _ settings: Settings = Settings()) {
        self.endpoint = endpoint
        self.settings = settings
    }

    /// Creates a check of the server at `HOST:PORT`.
    ///
    /// - Throws: ``Nitka/NitkaError`` if the text is not a valid address.
    public init(_ address: String, _ settings: Settings = Settings()) throws(NitkaError) {
        self.init(try Endpoint(address), settings)
    }

    /// Runs the check on its own threads; the calling task suspends until the report is complete.
    ///
    /// If the task is cancelled, the check shuts down its connections, and skips the current stage and all later ones
    /// with the reason ``CheckReason/cancelled``.
    ///
    /// - Parameters:
    ///   - interruption: ends the check early when it is interrupted. With nil, only cancellation ends it early.
    ///   - progress: called on the check's thread when a stage begins or ends. The check continues when it returns.
    public func run(
        interruptedBy interruption: CheckInterruption? = nil,
        _ progress: (@Sendable (CheckProgress) -> Void)? = nil
    ) async -> CheckReport {
        let run = CheckRun(self, progress)
        interruption?.add(run)
        defer { interruption?.remove(run) }
        let threads = ThreadGroup()
        let report = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                do {
                    try threads.start(named: "nitka-check") { continuation.resume(returning: run.run()) }
                } catch {
                    continuation.resume(returning: run.reportWithoutThread())
                }
            }
        } onCancel: {
            run.stop(.cancelled)
        }
        // The thread resumed this task as its last action, so the join takes no noticeable time.
        _ = threads.join(until: nil)
        return report
    }

    /// Runs the check on the calling thread, and blocks that thread until the report is complete.
    ///
    /// Some stages also start threads of their own.
    ///
    /// - Parameters: as for ``run(interruptedBy:_:)``; the check calls `progress` on the calling thread.
    @available(*, noasync, message: "await run")
    public func runBlocking(
        interruptedBy interruption: CheckInterruption? = nil,
        _ progress: (@Sendable (CheckProgress) -> Void)? = nil
    ) -> CheckReport {
        let run = CheckRun(self, progress)
        interruption?.add(run)
        defer { interruption?.remove(run) }
        return run.run()
    }
}

extension EchoCheck {
    /// The settings of a check: the stages to run, their load and their time limits.
    public struct Settings: Hashable, Sendable {
        /// The stages to run.
        ///
        /// A check always runs ``CheckStage/resolve`` and ``CheckStage/connect``, because all other stages depend on
        /// them. It runs ``CheckStage/idle`` only if ``idle`` is set.
        public var stages: Set<CheckStage> = Set(CheckStage.allCases)
        /// The number of simultaneous clients in ``CheckStage/together`` and ``CheckStage/crossTalk``; 1 or more.
        public var clients = 8
        /// The number of messages that each client sends in ``CheckStage/together``; 1 or more.
        public var rounds = 4
        /// The number of bytes in each of these messages; 1 to 65,536.
        public var size = 512
        /// The number of bytes that ``CheckStage/integrity`` streams; 1 or more.
        public var bulk = 8 << 20
        /// The longest time that connecting may take, and that the server may stay silent while it owes a reply.
        ///
        /// A whole stage may take 15 times as long, and at least 3 seconds.
        public var timeout: Duration = .seconds(2)
        /// How long ``CheckStage/idle`` leaves a connection silent; nil skips the stage.
        public var idle: Duration?
        /// How many times to run each stage; a failure ends the repetition. 1 or more.
        public var repeats = 1
        /// Passes only if the path is blocked in this way; nil for a path that must be open.
        ///
        /// With a value, the check runs only ``CheckStage/resolve`` and ``CheckStage/connect``.
        public var expected: ExpectedBlock?
        /// Whether every address of the name must accept connections and echo.
        ///
        /// With false, one address is enough, as for a client that tries all; the report still names each that failed.
        public var requiresAllAddresses = false
        /// The seed of the bytes that the clients send, and of the order in which the clients send them.
        public var seed = UInt64.random(in: 0...UInt64(UInt32.max))

        /// Creates the default settings.
        public init() {}

        func includes(_ stage: CheckStage) -> Bool {
            switch stage {
            case .resolve, .connect: true
            case .idle: idle != nil && stages.contains(stage)
            default: stages.contains(stage)
            }
        }
    }

    /// The way in which a path must be blocked.
    public enum ExpectedBlock: String, CaseIterable, Sendable {
        /// The host refuses connections.
        case refused
        /// Connection attempts get no answer.
        case timeout
        /// Connections are reset, either at once or when the client sends something.
        case reset
        /// No route leads to the host.
        case unreachable

        var reason: CheckReason {
            switch self {
            case .refused: .refused
            case .timeout: .timedOut
            case .reset: .reset
            case .unreachable: .unreachable
            }
        }
    }
}

/// The progress of a check, reported while it runs.
public enum CheckProgress: Sendable {
    /// A stage began. Not reported for a stage that is skipped.
    case began(CheckStage)
    /// A stage ended, or was skipped.
    case ended(StageReport)
}

/// Ends a check early. Any thread except the one that runs the check may interrupt it.
///
/// The report keeps what the check already judged. The check skips the current stage and all later ones with the reason
/// ``CheckReason/interrupted``.
///
/// Several checks may share one interruption. It cannot be reset: a check that starts after ``interrupt()`` ends at once.
public final class CheckInterruption: Sendable {
    private struct State {
        var isInterrupted = false
        var runs: [CheckRun] = []
    }

    private let state = Monitor(State())

    /// Creates an interruption that has not been triggered.
    public init() {}

    /// Ends all checks that use this interruption. A second call has no effect.
    public func interrupt() {
        let runs = state.withLock { state in
            state.isInterrupted = true
            return state.runs
        }
        for run in runs { run.stop(.interrupted) }
    }

    func add(_ run: CheckRun) {
        let isInterrupted = state.withLock { state in
            state.runs.append(run)
            return state.isInterrupted
        }
        if isInterrupted { run.stop(.interrupted) }
    }

    func remove(_ run: CheckRun) { state.withLock { $0.runs.removeAll { $0 === run } } }
}
