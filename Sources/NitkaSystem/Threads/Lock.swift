// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// State behind a pthread mutex.
///
/// The API of `Synchronization.Mutex`. That type is not used, because Thread Sanitizer does not understand its futex on
/// Linux and reports false races.
package struct Lock<State: ~Copyable>: ~Copyable, @unchecked Sendable {
    // Unchecked: the state is used only while the mutex is locked.
    fileprivate let mutex: UnsafeMutablePointer<pthread_mutex_t>
    fileprivate let state: UnsafeMutablePointer<State>

    package init(_ state: consuming sending State) {
        let size = MemoryLayout<pthread_mutex_t>.size
        let mask = MemoryLayout<State>.alignment - 1
        let offset = (size + mask) & ~mask
        // 1 allocation for both: every client makes locks.
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: offset + MemoryLayout<State>.size,
            alignment: max(MemoryLayout<pthread_mutex_t>.alignment, MemoryLayout<State>.alignment))
        mutex = memory.initializeMemory(as: pthread_mutex_t.self, to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        self.state = (memory + offset).bindMemory(to: State.self, capacity: 1)
        self.state.initialize(to: state)
    }

    deinit {
        state.deinitialize(count: 1)
        pthread_mutex_destroy(mutex)
        UnsafeMutableRawPointer(mutex).deallocate()
    }

    /// Locks; ``unlock()`` must follow on the same thread.
    borrowing func lock() { pthread_mutex_lock(mutex) }

    borrowing func unlock() { pthread_mutex_unlock(mutex) }

    /// Locks if the mutex is free.
    borrowing func tryLock() -> Bool { pthread_mutex_trylock(mutex) == 0 }

    /// Locks; returns false when the deadline passed first.
    borrowing func lock(until deadline: MonotonicTime) -> Bool {
        var moment = deadline.timespec
        return nitka_lock_until(mutex, &moment) == 0
    }

    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body(&state.pointee)
    }
}

/// State behind a lock, and a condition variable to wait until it changes.
package final class Monitor<State>: @unchecked Sendable {
    // Unchecked: a condition variable may be used from any thread.
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let lock: Lock<State>

    package init(_ state: sending State) {
        lock = Lock(state)
        changed.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // With the default clock, a deadline would move whenever the time of day is set.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        changed.deallocate()
    }

    package func withLock<Result>(_ body: (inout State) -> Result) -> Result { lock.withLock(body) }

    /// Changes the state and wakes every thread that waits for a change.
    package func update<Result>(_ body: (inout State) -> Result) -> Result {
        lock.withLock { state in
            defer { pthread_cond_broadcast(changed) }
            return body(&state)
        }
    }

    /// Waits until `body` returns a value, and returns it; nil when the deadline passed first.
    ///
    /// `body` runs under the lock, at once and after every change.
    package func wait<Result>(until deadline: MonotonicTime? = nil, for body: (inout State) -> Result?) -> Result? {
        lock.withLock { state in
            while true {
                if let result = body(&state) { return result }
                guard let deadline else {
                    pthread_cond_wait(changed, lock.mutex)
                    continue
                }
                var moment = deadline.timespec
                if pthread_cond_timedwait(changed, lock.mutex, &moment) == ETIMEDOUT { return body(&state) }
            }
        }
    }
}
