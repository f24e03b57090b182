// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Many short-lived threads of which none is left unjoined and none waits for its join: each that ends joins the
/// one that ended before it, and the last is joined by whoever closes the chain.
///
/// Detached threads would need no join, but nobody could tell when the last of them is gone, with its stack.
package final class ThreadChain: Sendable {
    private struct State {
        var living = 0
        var ended: pthread_t?
    }

    // The handles in it are joined once each: to take one out is to own it.
    private let state = Monitor(State())

    package init() {}

    /// Makes a thread that runs `body` and ends.
    package func start(
        named name: String, stackBytes: Int, _ body: @escaping @Sendable () -> Void
    ) throws(Errno) {
        state.withLock { $0.living += 1 }
        do {
            _ = try startThread(named: name, stackBytes: stackBytes) { [self] in
                body()
                endCurrent()
            }
        } catch {
            state.update { $0.living -= 1 }
            throw error
        }
    }

    /// Waits until every thread has ended, and joins the last: true; false when the deadline passed first.
    package func join(until deadline: MonotonicTime?) -> Bool {
        let last = state.wait(until: deadline) { state -> pthread_t?? in
            guard state.living == 0 else { return nil }
            defer { state.ended = nil }
            return .some(state.ended)
        }
        guard let last else { return false }
        if let last { pthread_join(last, nil) }
        return true
    }

    private func endCurrent() {
        let previous = state.update { state in
            state.living -= 1
            defer { state.ended = pthread_self() }
            return state.ended
        }
        if let previous { pthread_join(previous, nil) }
    }
}
