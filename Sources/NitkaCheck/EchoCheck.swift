// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
public import Nitka

/// A verdict on the path to an echo server (RFC 862): is it reachable, do bytes come back unharmed, is everybody served
/// at once?
///
/// It asks ``CheckStage/allCases`` in their order, each within a time limit of its own; a stage that can't be judged
/// because an earlier one failed is skipped. Nothing is thrown: what goes wrong is what is looked for, and stands in the
/// report.
public struct EchoCheck: Sendable {
    /// What is checked.
    public let endpoint: Endpoint
    /// How.
    public let settings: Settings

    /// A check of the server at an endpoint.
    public init(_ endpoint: Endpoint, _ settings: Settings = Settings()) {
        self.endpoint = endpoint
        self.settings = settings
    }

    /// A check of the server at `HOST:PORT`.
    ///
    /// - Throws: ``Nitka/NitkaError`` when it is no address.
    public init(_ address: String, _ settings: Settings = Settings()) throws(NitkaError) {
        self.init(try Endpoint(address), settings)
    }

    /// Runs the check on threads of its own while the task waits.
    ///
    /// When the task is cancelled, the connections are shut down, and the stages that were not done are skipped.
    ///
    /// - Parameters:
    ///   - interruption: what may end it early; nil for nothing but the task's end.
    ///   - progress: told how it goes, on a thread of the check's own, which goes on when it returns.
    public func run(
        interruptedBy interruption: CheckInterruption? = nil,
        _ progress: (@Sendable (CheckProgress) -> Void)? = nil
    ) async -> CheckReport {
        let run = CheckRun(self, progress)
        interruption?.watch(run)
        defer { interruption?.forget(run) }
        let threads = ThreadChain()
        let report = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                do {
                    try threads.start(named: "nitka-check") { continuation.resume(returning: run.run()) }
                } catch {
                    continuation.resume(returning: run.withoutThread())
                }
            }
        } onCancel: {
            run.stop(.cancelled)
        }
        // It has nothing left to do but to end.
        _ = threads.join(until: nil)
        return report
    }

    /// Runs the check on the calling thread, which it blocks, and a few of its own.
    ///
    /// - Parameters: as of ``run(interruptedBy:_:)``; `progress` is told on the calling thread.
    @available(*, noasync, message: "await run")
    public func runBlocking(
        interruptedBy interruption: CheckInterruption? = nil,
        _ progress: (@Sendable (CheckProgress) -> Void)? = nil
    ) -> CheckReport {
        let run = CheckRun(self, progress)
        interruption?.watch(run)
        defer { interruption?.forget(run) }
        return run.run()
    }
}

extension EchoCheck {
    /// How a check is made.
    public struct Settings: Hashable, Sendable {
        /// The stages to ask. ``CheckStage/resolve`` and ``CheckStage/connect`` are always asked, since all others stand
        /// on them; ``CheckStage/idle`` only when ``idle`` says how long.
        public var stages: Set<CheckStage> = Set(CheckStage.allCases)
        /// How many clients at once in ``CheckStage/together`` and ``CheckStage/crossTalk``; 1 or more.
        public var clients = 8
        /// How many messages each of them sends in ``CheckStage/together``; 1 or more.
        public var rounds = 4
        /// How many bytes each of these messages has; 1 to 65,536.
        public var size = 512
        /// How many bytes are streamed in ``CheckStage/integrity``; 1 or more.
        public var bulk = 8 << 20
        /// How long connecting may take, and how long the server may be silent when it owes an answer. A stage may take
        /// fifteen times as long in all, and three seconds in any case.
        public var timeout: Duration = .seconds(2)
        /// How long a connection is left silent in ``CheckStage/idle``; nil skips the stage.
        public var idle: Duration?
        /// How often each stage is asked, until it fails; 1 or more.
        public var repeats = 1
        /// The path is to be blocked so: then only ``CheckStage/resolve`` and ``CheckStage/connect`` are asked, and an
        /// open path is a failure.
        public var expected: ExpectedBlock?
        /// What the bytes that are sent are made from, and the order in which clients talk.
        public var seed = UInt64.random(in: 0...UInt64(UInt32.max))

        /// The defaults.
        public init() {}

        func asks(_ stage: CheckStage) -> Bool {
            switch stage {
            case .resolve, .connect: true
            case .idle: idle != nil && stages.contains(stage)
            default: stages.contains(stage)
            }
        }
    }

    /// How a path is to be blocked.
    public enum ExpectedBlock: String, CaseIterable, Sendable {
        /// Connections are refused.
        case refused
        /// Nothing answers.
        case timeout
        /// Connections are reset, at once or when something is sent.
        case reset
        /// There is no way to the host.
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
