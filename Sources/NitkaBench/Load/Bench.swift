// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization
public import Nitka

/// Load on an echo server, and how it took it: every byte that comes back is compared.
///
/// ```swift
/// var plan = BenchPlan()
/// plan.clients = 500
/// let outcome = try await Bench("localhost:7007", plan).run()
/// print(outcome.latency.valueAtPercentile(99))
/// ```
///
/// The clients are played by event loops of its own. A run may take as long as the plan says, and the timeouts of its
/// clients: it can't hang.
public final class Bench: Sendable {
    /// The server.
    public let endpoint: Endpoint
    /// What is done.
    public let plan: BenchPlan

    let control = Monitor(BenchControl())
    /// Wakes who is connecting; where there is no descriptor for it, a connection attempt ends by its timeout.
    private let wake = try? WakeEvent.Shared()

    /// A bench of the server at an endpoint.
    public init(_ endpoint: Endpoint, _ plan: BenchPlan = BenchPlan()) {
        self.endpoint = endpoint
        self.plan = plan
    }

    /// A bench of the server at `HOST:PORT`.
    ///
    /// - Throws: ``Nitka/NitkaError`` when it is no address.
    public convenience init(_ address: String, _ plan: BenchPlan = BenchPlan()) throws(NitkaError) {
        self.init(try Endpoint(address), plan)
    }

    /// Runs it once; suspends the task, on whatever executor, until it is over. A cancelled task stops it, as ``stop()``.
    ///
    /// - Parameter progress: told how it goes, about once a second, on a thread of the bench's own.
    /// - Throws: ``Nitka/NitkaError`` when nothing can be connected to; ``BenchObstacle`` when nobody is served, or it is
    ///   stopped before anybody is, when this machine lacks something, or the plan makes no sense.
    public func run(_ progress: (@Sendable (BenchProgress) -> Void)? = nil) async throws -> BenchOutcome {
        try await withTaskCancellationHandler {
            try await runOnThread(progress)
        } onCancel: {
            stop()
        }
    }

    private func runOnThread(_ progress: (@Sendable (BenchProgress) -> Void)?) async throws -> BenchOutcome {
        let chain = ThreadChain()
        let result: Result<BenchOutcome, any Error> = await withUnsafeContinuation { continuation in
            do throws(Errno) {
                try chain.start(named: "nitka-bench") { [self] in
                    continuation.resume(returning: Result { try BenchRun(self, progress).run() })
                }
            } catch {
                continuation.resume(returning: .failure(BenchObstacle(description: "make a thread: \(error)")))
            }
        }
        _ = chain.join(until: nil)
        return try result.get()
    }

    /// Runs it once, and blocks the calling thread meanwhile.
    ///
    /// - Throws: as there.
    @available(*, noasync, message: "await run")
    public func runBlocking(_ progress: (@Sendable (BenchProgress) -> Void)? = nil) throws -> BenchOutcome {
        try BenchRun(self, progress).run()
    }

    /// Ends it early, from any thread: the outcome has what was counted so far. A second call does not wait for echoes
    /// that are on their way.
    public func stop() {
        control.update { $0.stops += 1 }
        wake?.raise()
    }

    /// Readable when it is to end early; -1 for none.
    var wakeNumber: Int32 { wake?.number ?? -1 }
}

struct BenchControl: Sendable {
    var stops = 0
}

/// How a bench goes.
public enum BenchProgress: Sendable {
    /// Something makes the figures worse than they need be; what, and what to do.
    case advice(String)
    /// So many of the clients have had their first echo.
    case connected(Int, of: Int)
    /// Everybody talks, and nothing counts yet.
    case warmingUp
    /// A second has been counted; how much is left.
    case second(BenchSecond, left: Duration)
}

/// Why there is no bench, in one line: what this machine lacks, with the remedy; nobody who served a client.
public struct BenchObstacle: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line.
    public let description: String
}
