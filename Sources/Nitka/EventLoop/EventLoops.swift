// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// Event loops, each on its own thread, over which tasks are spread in turn.
///
/// A server makes its own. A program that connects to servers uses ``with(count:_:)``.
public final class EventLoops: Sendable {
    let loops: [EventLoop]
    private let threads = ThreadGroup()
    private let turn = Atomic<Int>(0)

    /// The default number of loops: 1 for every 2 processors that the process may use. The kernel's network stack and
    /// peers on the same machine need the other half: on 2 processors, 50 clients cost 1.18 times the CPU of a C epoll
    /// loop with 1 loop, and 1.31 times with 2 (`Benchmarks/run.py --only free-50-64`, 9 runs, 2026-11-27).
    static var defaultCount: Int { (CurrentProcess.processorCount + 1) / 2 }

    /// Makes the loops and their threads.
    ///
    /// - Parameter prepare: called with each loop before its thread starts.
    init(count: Int, prepare: (EventLoop) throws(Errno) -> Void = { _ in }) throws(Errno) {
        var loops: [EventLoop] = []
        for _ in 0..<count { loops.append(try EventLoop()) }
        for loop in loops { try prepare(loop) }
        self.loops = loops
        do throws(Errno) {
            for (index, loop) in loops.enumerated() {
                try threads.start(named: "loop-\(index)") {
                    Signals.blockBrokenPipes()
                    loop.runLoop()
                }
            }
        } catch {
            stop()
            throw error
        }
    }

    /// The number of loops.
    public var count: Int { loops.count }

    /// The next loop in turn: `group.addTask(executorPreference: loops.next()) { … }`. Any thread may ask.
    public func next() -> EventLoop {
        loops.count == 1 ? loops[0] : loops[turn.wrappingAdd(1, ordering: .relaxed).oldValue % loops.count]
    }

    /// Lets each loop end when it has nothing left to run, and waits for all of them. Not from a loop's own thread.
    ///
    /// - Returns: false when the deadline passed first; then a handler still blocks its loop.
    @discardableResult
    func stop(until deadline: MonotonicTime? = nil) -> Bool {
        for loop in loops { loop.stop() }
        return threads.join(until: deadline)
    }
}

extension EventLoops {
    /// Runs `body` on event loops that live as long as it runs.
    ///
    /// ```swift
    /// try await EventLoops.with(count: 2) { loops in
    ///     let connection = try await AsyncConnection.open(to: Endpoint("localhost:7007"))
    ///     try await connection.write([1, 2, 3])
    /// }
    /// ```
    ///
    /// The body must await the tasks that it starts: a task that waits in a loop when the body returns never continues.
    ///
    /// - Parameters:
    ///   - count: 1 or more loops; nil for 1 for every 2 processors that the process may use.
    ///   - body: runs on the first loop.
    /// - Throws: what the body throws, and ``NitkaError`` when the system refuses the loops.
    public static func with<Result: Sendable>(
        count: Int? = nil, _ body: @Sendable (EventLoops) async throws -> Result
    ) async throws -> Result {
        let loops = try make(count)
        // The threads have nothing left to do when the body has returned, so this does not wait.
        defer { loops.stop() }
        return try await withTaskExecutorPreference(loops.loops[0]) { try await body(loops) }
    }

    private static func make(_ count: Int?) throws(NitkaError) -> EventLoops {
        do throws(Errno) {
            return try EventLoops(count: max(1, count ?? defaultCount))
        } catch {
            throw NitkaError("make", "event loops", .system(error))
        }
    }
}
