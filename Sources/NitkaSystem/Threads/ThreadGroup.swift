// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Many short-lived threads of which none is left unjoined and none waits for its join: each that ends joins the
/// one that ended before it, and the last is joined by whoever closes the chain.
///
/// Detached threads would need no join, but nobody could tell when the last of them is gone, with its stack.
package final class ThreadGroup: Sendable {
    private struct Ended {
        let handle: pthread_t
        let stack: StackSlot
    }

    private struct State {
        var living = 0
        var ended: Ended?
    }

    // The handles in it are joined once each: to take one out is to own it.
    private let state = Monitor(State())
    private let stacks: StackArena

    package init(stacks: StackArena = StackArena(stackBytes: 512 * 1024)) { self.stacks = stacks }

    deinit {
        guard let last = state.withLock({ $0.ended }) else { return }
        // Whoever closed the chain gave up waiting, and the last thread drops it: nobody is left to join that one, nor to
        // take its stack, which stays mapped.
        if pthread_equal(last.handle, pthread_self()) != 0 { pthread_detach(last.handle) } else { bury(last) }
    }

    /// Makes a thread that runs `body` and ends.
    ///
    /// - Throws: EAGAIN when the machine gives no more threads, ENOMEM when it gives no more stacks.
    package func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let stack = try stacks.take()
        state.withLock { $0.living += 1 }
        do {
            _ = try startThread(named: name, stack: .given(stacks.memory(of: stack))) { [self] in
                body()
                endCurrent(on: stack)
            }
        } catch {
            state.update { $0.living -= 1 }
            stacks.put(stack)
            throw error
        }
    }

    /// Waits until every thread has ended, and joins the last: true; false when the deadline passed first.
    package func join(until deadline: MonotonicTime?) -> Bool {
        let last = state.wait(until: deadline) { state -> Ended?? in
            guard state.living == 0 else { return nil }
            defer { state.ended = nil }
            return .some(state.ended)
        }
        guard let last else { return false }
        if let last { bury(last) }
        return true
    }

    private func endCurrent(on stack: StackSlot) {
        let current = Ended(handle: pthread_self(), stack: stack)
        let previous = state.update { state in
            state.living -= 1
            defer { state.ended = current }
            return state.ended
        }
        if let previous { bury(previous) }
    }

    /// The join comes first: until then the thread stands on its stack.
    private func bury(_ thread: Ended) {
        pthread_join(thread.handle, nil)
        stacks.put(thread.stack)
    }
}
