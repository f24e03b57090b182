// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// Ends a stage at its time limit, or when the check is stopped, by shutting down the stage's connections.
///
/// Timeouts of single calls cannot do this: they never expire if the server transfers a byte from time to time.
final class StageWatchdog: Sendable {
    private struct State {
        var deadline = MonotonicTime.distantFuture
        var connections: [Connection] = []
        /// Changes whenever a stage begins or ends, so that the thread reads the new deadline.
        var generation = 0
        var isExpired = false
        var stopReason: CheckReason?
        /// Wakes a wait that is not a wait for a connection.
        var onStop: (@Sendable () -> Void)?
        var hasEnded = false
    }

    private let state = Monitor(State())
    private let threads = ThreadGroup()
    /// Wakes a connection attempt. Without a descriptor for it, the attempt ends at its timeout instead.
    private let wakeEvent = try? WakeEvent()

    /// A descriptor that becomes readable when the check is stopped; -1 if there is none.
    var wakeNumber: Int32 { wakeEvent?.descriptor.number ?? -1 }

    /// Starts the thread; returns false if the system cannot create one.
    func start() -> Bool {
        do {
            try threads.start(named: "nitka-watchdog") { [state] in Self.run(state) }
            return true
        } catch {
            return false
        }
    }

    /// Ends the thread, and waits for it.
    func finish() {
        state.update { $0.hasEnded = true }
        _ = threads.join(until: nil)
    }

    /// Sets the deadline of a stage that begins.
    func begin(until deadline: MonotonicTime) {
        state.update { state in
            state.deadline = deadline
            state.generation += 1
            state.isExpired = false
        }
    }

    /// Releases the connections of a stage that ended.
    func end() {
        state.update { state in
            state.connections = []
            state.onStop = nil
            state.deadline = .distantFuture
            state.generation += 1
        }
    }

    /// Adds a connection of the stage. Shuts it down at once if the stage expired or the check was stopped.
    func add(_ connection: Connection) {
        let isTooLate = state.withLock { state in
            state.connections.append(connection)
            return state.isExpired || state.stopReason != nil
        }
        if isTooLate { connection.shutDown() }
    }

    /// Whether the stage exceeded its time limit.
    var isExpired: Bool { state.withLock { $0.isExpired } }

    /// The reason why the check was stopped; nil if it was not.
    var stopReason: CheckReason? { state.withLock { $0.stopReason } }

    /// Whether the stage must end: it expired, or the check was stopped.
    var isOver: Bool { state.withLock { $0.isExpired || $0.stopReason != nil } }

    /// Calls the action when the check is stopped during this stage, or at once if it already was.
    func whenStopped(_ action: @escaping @Sendable () -> Void) {
        let isTooLate = state.withLock { state in
            state.onStop = action
            return state.stopReason != nil
        }
        if isTooLate { action() }
    }

    /// Stops the check. Only the first reason is kept.
    func stop(_ reason: CheckReason) {
        let (connections, action) = state.update { state in
            if state.stopReason == nil { state.stopReason = reason }
            return (state.connections, state.onStop)
        }
        wakeEvent?.raise()
        action?()
        for connection in connections { connection.shutDown() }
    }

    private static func run(_ state: Monitor<State>) {
        while true {
            let (generation, deadline, hasEnded) = state.withLock { ($0.generation, $0.deadline, $0.hasEnded) }
            if hasEnded { return }
            let hasChanged = state.wait(until: deadline) { $0.generation != generation || $0.hasEnded ? true : nil }
            if hasChanged != nil { continue }
            let connections = state.update { state -> [Connection] in
                guard state.generation == generation else { return [] }
                state.isExpired = true
                state.deadline = .distantFuture
                return state.connections
            }
            for connection in connections { connection.shutDown() }
        }
    }
}
