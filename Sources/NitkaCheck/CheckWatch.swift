// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// Ends a stage at its time limit, whatever it is blocked in, by shutting its connections down: timeouts of single calls
/// can't, against a server that takes or gives a byte now and then.
final class CheckWatch: Sendable {
    private struct State {
        var deadline = MonotonicTime.distantFuture
        var connections: [Connection] = []
        /// Which stage it is: the thread looks again when it has changed.
        var turn = 0
        var isExpired = false
        var stopReason: CheckReason?
        /// What else waits, and is to be woken when the check is ended early.
        var onStop: (@Sendable () -> Void)?
        var hasEnded = false
    }

    private let state = Monitor(State())
    private let threads = ThreadChain()
    /// Wakes who is connecting; where there is no descriptor for it, a connection attempt ends by its timeout.
    private let wake = try? WakeEvent.Shared()

    /// Readable when the check is ended early; -1 for none.
    var wakeNumber: Int32 { wake?.number ?? -1 }

    /// False when there is no thread for it.
    func start() -> Bool {
        do {
            try threads.start(named: "nitka-watch") { [state] in Self.watch(state) }
            return true
        } catch {
            return false
        }
    }

    func finish() {
        state.update { $0.hasEnded = true }
        _ = threads.join(until: nil)
    }

    /// A stage begins.
    func begin(until deadline: MonotonicTime) {
        state.update { state in
            state.deadline = deadline
            state.turn += 1
            state.isExpired = false
        }
    }

    /// A stage ends: its connections are no longer watched.
    func end() {
        state.update { state in
            state.connections = []
            state.onStop = nil
            state.deadline = .distantFuture
            state.turn += 1
        }
    }

    /// A connection of the stage; shut down at once when it comes too late.
    func add(_ connection: Connection) {
        let isTooLate = state.withLock { state in
            state.connections.append(connection)
            return state.isExpired || state.stopReason != nil
        }
        if isTooLate { connection.shutDown() }
    }

    /// Has the stage's time limit passed?
    var isExpired: Bool { state.withLock { $0.isExpired } }

    /// Why the check is ended early; nil when it is not.
    var stopReason: CheckReason? { state.withLock { $0.stopReason } }

    /// Is there no use in going on with the stage?
    var isOver: Bool { state.withLock { $0.isExpired || $0.stopReason != nil } }

    /// Called when the check is ended early, or at once when it was; until the stage ends.
    func whenStopped(_ action: @escaping @Sendable () -> Void) {
        let isTooLate = state.withLock { state in
            state.onStop = action
            return state.stopReason != nil
        }
        if isTooLate { action() }
    }

    /// Ends the check early: the first reason counts.
    func stop(_ reason: CheckReason) {
        let (connections, action) = state.update { state in
            if state.stopReason == nil { state.stopReason = reason }
            return (state.connections, state.onStop)
        }
        wake?.raise()
        action?()
        for connection in connections { connection.shutDown() }
    }

    private static func watch(_ state: Monitor<State>) {
        while true {
            let (turn, deadline, hasEnded) = state.withLock { ($0.turn, $0.deadline, $0.hasEnded) }
            if hasEnded { return }
            let hasChanged = state.wait(until: deadline) { $0.turn != turn || $0.hasEnded ? true : nil }
            if hasChanged != nil { continue }
            let connections = state.update { state -> [Connection] in
                guard state.turn == turn else { return [] }
                state.isExpired = true
                state.deadline = .distantFuture
                return state.connections
            }
            for connection in connections { connection.shutDown() }
        }
    }
}
