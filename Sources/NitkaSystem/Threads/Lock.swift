// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// State behind a mutex.
///
/// The shape of `Synchronization.Mutex`, which is not used because Thread Sanitizer does not understand its futex
/// on Linux and reports races that are none.
package struct Lock<State: ~Copyable>: ~Copyable, @unchecked Sendable {
    // Unchecked: the state is reached only between lock and unlock of the mutex.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let state: UnsafeMutablePointer<State>

    package init(_ state: consuming sending State) {
        let size = MemoryLayout<pthread_mutex_t>.size
        let mask = MemoryLayout<State>.alignment - 1
        let offset = (size + mask) & ~mask
        // One allocation for the two: a client makes one, and is gone soon.
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

    /// Takes the lock, which ``unlock()`` must follow on the same thread.
    borrowing func lock() { pthread_mutex_lock(mutex) }

    borrowing func unlock() { pthread_mutex_unlock(mutex) }

    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state.pointee)
    }
}
