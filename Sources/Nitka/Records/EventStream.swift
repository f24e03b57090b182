// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// What happens in a server, in order, for one observer thread: `for event in server.events() { … }`.
///
/// The queue is bounded, and never makes a client's thread wait: what an observer is too slow for is dropped, and a
/// ``ServerEvent/missed(_:)`` stands in its place. The stream ends after the server has.
public final class EventStream: Sequence, IteratorProtocol, Sendable {
    private struct State {
        var queue: [ServerEvent] = []
        var taken: [ServerEvent] = []
        var missed = 0
        var isFinished = false
    }

    private let state = Monitor(State())
    private let capacity: Int

    init(capacity: Int) { self.capacity = Swift.max(1, capacity) }

    /// The next event; blocks until there is one. Nil after the last.
    public func next() -> ServerEvent? {
        state.wait { state -> ServerEvent?? in
            if state.taken.isEmpty {
                // Taken as a whole and turned round once, so that neither side moves elements under the lock.
                state.taken = state.queue.reversed()
                state.queue.removeAll(keepingCapacity: true)
                if state.missed > 0 {
                    state.taken.insert(.missed(state.missed), at: 0)
                    state.missed = 0
                }
            }
            if let event = state.taken.popLast() { return .some(event) }
            return state.isFinished ? .some(nil) : nil
        } ?? nil
    }

    func offer(_ event: ServerEvent) {
        state.update { state in
            if state.isFinished { return }
            if state.queue.count < capacity { state.queue.append(event) } else { state.missed += 1 }
        }
    }

    func finish() { state.update { $0.isFinished = true } }
}
