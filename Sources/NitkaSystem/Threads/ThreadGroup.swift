// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Short-lived threads: each thread that ends joins the one that ended before it, and ``join(until:)`` joins the last.
///
/// Detached threads would need no join, but then the end of the last one, and of the use of its stack, is unknown.
package final class ThreadGroup: Sendable {
    private struct Ended {
        let handle: pthread_t
        let stack: StackSlot
    }

    private struct State {
        var living = 0
        var ended: Ended?
    }

    // A handle is joined by the thread that takes it out of the state, once.
    private let state = Monitor(State())
    private let stacks: StackArena

    package init(stacks: StackArena = StackArena(stackBytes: 512 * 1024)) { self.stacks = stacks }

    deinit {
        guard let last = state.withLock({ $0.ended }) else { return }
        // The join timed out, and the last thread releases the group. A thread can't join itself; its stack stays mapped.
        if pthread_equal(last.handle, pthread_self()) != 0 { pthread_detach(last.handle) } else { joinEnded(last) }
    }

    /// Makes a thread that runs `body` and ends.
    ///
    /// - Throws: EAGAIN when the system creates no more threads; ENOMEM when there is no memory for a stack.
    package func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let stack = try stacks.take()
        state.withLock { $0.living += 1 }
        do {
            let memory = stacks.memory(of: stack)
            let run: @Sendable () -> Void = { [self] in
                body()
                endCurrent(on: stack)
            }
            _ = try startThread(named: name, run) { pthread_attr_setstack(&$0, memory.baseAddress!, memory.count) }
        } catch {
            state.update { $0.living -= 1 }
            stacks.put(stack)
            throw error
        }
    }

    /// Waits until every thread has ended, and joins the last one; returns false when the deadline passed first.
    package func join(until deadline: MonotonicTime?) -> Bool {
        let last = state.wait(until: deadline) { state -> Ended?? in
            guard state.living == 0 else { return nil }
            defer { state.ended = nil }
            return .some(state.ended)
        }
        guard let last else { return false }
        if let last { joinEnded(last) }
        return true
    }

    private func endCurrent(on stack: StackSlot) {
        let current = Ended(handle: pthread_self(), stack: stack)
        let previous = state.update { state in
            state.living -= 1
            defer { state.ended = current }
            return state.ended
        }
        if let previous { joinEnded(previous) }
    }

    /// Returns the stack only after the join: until then the thread uses it.
    private func joinEnded(_ thread: Ended) {
        pthread_join(thread.handle, nil)
        stacks.put(thread.stack)
    }
}
