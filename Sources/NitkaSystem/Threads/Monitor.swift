// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// State behind a pthread mutex, and a condition variable to wait until it changes.
///
/// The condition's clock is the monotonic one: nobody waits longer because somebody set the time of day.
package final class Monitor<State>: @unchecked Sendable {
    // Unchecked: the state is reached only between lock and unlock of the mutex.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    package init(_ state: sending State) {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        changed = .allocate(capacity: 1)
        changed.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
        self.state = state
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    package func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&state)
    }

    /// Changes the state and wakes everybody who waits for a change.
    package func update<Result>(_ body: (inout State) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let result = body(&state)
        pthread_cond_broadcast(changed)
        return result
    }

    /// Waits until `body` answers something, and returns it; nil when the deadline passed first.
    ///
    /// `body` runs under the lock: at once, and after every change.
    package func wait<Result>(until deadline: MonotonicTime? = nil, for body: (inout State) -> Result?) -> Result? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            guard let deadline else {
                pthread_cond_wait(changed, mutex)
                continue
            }
            var moment = deadline.timespec
            if pthread_cond_timedwait(changed, mutex, &moment) == ETIMEDOUT { return body(&state) }
        }
    }
}
