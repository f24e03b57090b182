// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// State behind a pthread mutex, at an address that never moves.
///
/// The shape of `Synchronization.Mutex`, which is not used because Thread Sanitizer does not understand its futex
/// on Linux and reports races that are none.
package struct Lock<State: ~Copyable>: ~Copyable, @unchecked Sendable {
    // Unchecked: the state is reached only between lock and unlock of the mutex.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let state: UnsafeMutablePointer<State>

    package init(_ state: consuming sending State) {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        self.state = .allocate(capacity: 1)
        self.state.initialize(to: state)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state.pointee)
    }
}
