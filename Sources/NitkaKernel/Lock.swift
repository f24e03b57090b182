// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A pthread mutex at an address that never moves.
struct Mutex: ~Copyable, @unchecked Sendable {
    // Unchecked: to be used by several threads is what a mutex is for.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    borrowing func lock() { pthread_mutex_lock(mutex) }

    borrowing func unlock() { pthread_mutex_unlock(mutex) }
}

/// State behind a mutex.
///
/// The shape of `Synchronization.Mutex`, which is not used because Thread Sanitizer does not understand its futex
/// on Linux and reports races that are none.
package struct Lock<State: ~Copyable>: ~Copyable, @unchecked Sendable {
    // Unchecked: the state is reached only between lock and unlock of the mutex.
    private let mutex = Mutex()
    private let state: UnsafeMutablePointer<State>

    package init(_ state: consuming sending State) {
        self.state = .allocate(capacity: 1)
        self.state.initialize(to: state)
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        mutex.lock()
        defer { mutex.unlock() }
        return try body(&state.pointee)
    }
}
