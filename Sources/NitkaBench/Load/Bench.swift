// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization
public import Nitka

/// A load test of an echo server: it compares every byte that comes back and measures how long each echo takes.
///
/// ```swift
/// var plan = BenchPlan()
/// plan.clients = 500
/// let outcome = try await Bench("localhost:7007", plan).run()
/// print(outcome.latency.valueAtPercentile(99))
/// ```
///
/// Each worker thread runs many clients on one epoll instance. A run cannot hang: it takes at most the plan's ramp,
/// warm-up and duration, and a few times its timeout.
public final class Bench: Sendable {
    /// The server's address.
    public let endpoint: Endpoint
    /// What the clients do, and for how long.
    public let plan: BenchPlan

    let control = Monitor(BenchControl())
    /// Interrupts the first connection attempt. Without a free descriptor for it, the attempt ends with its timeout.
    private let wake = try? WakeEvent()

    /// Creates a bench of the server at an endpoint.
    public init(_ endpoint: Endpoint, _ plan: BenchPlan = BenchPlan()) {
        self.endpoint = endpoint
        self.plan = plan
    }

    /// Creates a bench of the server at `HOST:PORT`.
    ///
    /// - Throws: ``Nitka/NitkaError`` if the text is not an address.
    public convenience init(_ address: String, _ plan: BenchPlan = BenchPlan()) throws(NitkaError) {
        self.init(try Endpoint(address), plan)
    }

    /// Runs the bench once, and suspends the calling task until the run has ended.
    ///
    /// Any executor may call it. If the task is cancelled, the run ends as after ``stop()``.
    ///
    /// - Parameter progress: called about once per second, on a thread of the bench.
    /// - Throws: ``Nitka/NitkaError`` if the first connection fails; ``BenchObstacle`` if the server serves no client, the
    ///   run is stopped before it does, this machine lacks a resource, or a value of the plan is out of range.
    public func run(_ progress: (@Sendable (BenchProgress) -> Void)? = nil) async throws -> BenchOutcome {
        try await withTaskCancellationHandler {
            try await runOnThread(progress)
        } onCancel: {
            stop()
        }
    }

    private func runOnThread(_ progress: (@Sendable (BenchProgress) -> Void)?) async throws -> BenchOutcome {
        let chain = ThreadGroup()
        let result: Result<BenchOutcome, any Error> = await withUnsafeContinuation { continuation in
            do throws(Errno) {
                try chain.start(named: "nitka-bench") { [self] in
                    continuation.resume(returning: Result { try BenchRun(self, progress).run() })
                }
            } catch {
                continuation.resume(returning: .failure(BenchObstacle(noThreadFor: "the thread of the bench", error)))
            }
        }
        _ = chain.join(until: nil)
        return try result.get()
    }

    /// Runs the bench once, and blocks the calling thread until the run has ended.
    ///
    /// - Throws: as ``run(_:)``.
    @available(*, noasync, message: "await run")
    public func runBlocking(_ progress: (@Sendable (BenchProgress) -> Void)? = nil) throws -> BenchOutcome {
        try BenchRun(self, progress).run()
    }

    /// Ends the run early. The outcome contains what was counted so far.
    ///
    /// Any thread may call it. The run waits for the messages in flight; after a second call it does not.
    public func stop() {
        control.update { $0.stops += 1 }
        wake?.raise()
    }

    /// The descriptor that becomes readable on ``stop()``; -1 without one.
    var wakeNumber: Int32 { wake?.descriptor.number ?? -1 }
}

struct BenchControl: Sendable {
    var stops = 0
}

/// The progress of a run.
public enum BenchProgress: Sendable {
    /// Something on this machine distorts the figures; the text says what, and names a remedy.
    case advice(String)
    /// This number of clients had their first echo.
    case connected(Int, of: Int)
    /// All clients send messages, and counting has not begun.
    case warmingUp
    /// One more second was counted; `left` is the rest of the duration.
    case second(BenchSecond, left: Duration)
}

/// The reason why a run has no outcome, in one line, with a remedy where there is one.
public struct BenchObstacle: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reason.
    public let description: String
}
