// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A lock of two bytes, for what is locked for every message and hardly ever by two at once.
///
/// It stands among the fields that it guards, where a pthread mutex takes a cache line elsewhere, and another in which
/// it looks up who locks it. Of hundreds of clients each has left the processor's caches before it speaks again: then
/// lines are what a lock costs. A futex would wake the one thread that waits, and needs the address of an `Atomic`, which
/// Swift does not give.
struct SmallLock: ~Copyable, Sendable {
    private enum State {
        static let free: UInt8 = 0
        static let taken: UInt8 = 1
        /// Taken, and somebody may be waiting for it.
        static let awaited: UInt8 = 2
    }

    private let state = Atomic<UInt8>(State.free)
    private let room: UInt8

    /// - Parameter room: any number. Who waits for one of two locks with the same is also woken for the other.
    init(room: CInt) { self.room = UInt8(truncatingIfNeeded: room) }

    /// Takes the lock, and blocks the calling thread while another has it. The thread must not have it itself.
    @inline(__always)
    borrowing func lock() {
        if state.compareExchange(expected: State.free, desired: State.taken, ordering: .acquiring).exchanged { return }
        wait()
    }

    /// Gives the lock back, which the calling thread has.
    @inline(__always)
    borrowing func unlock() {
        let room = room
        if state.exchange(State.free, ordering: .releasing) == State.awaited { Self.wake(room) }
    }

    @inline(never)
    private borrowing func wait() {
        // Whoever finds `awaited` when it unlocks comes by the room's mutex, which is held here but while it sleeps.
        WaitingRoom.number(room).wait { _ in
            state.exchange(State.awaited, ordering: .acquiring) == State.free ? () : nil
        }
    }

    /// Wakes all, since the first to wake may wait for another lock. Not a method: the lock is free, and may be gone.
    @inline(never)
    private static func wake(_ room: UInt8) { WaitingRoom.number(room).update { _ in } }
}

/// Where threads wait for one of many locks.
private enum WaitingRoom {
    // Of no bytes, the state would stand at the address of whatever lies next, and Thread Sanitizer take it for that.
    private static let all = (0...UInt8.max).map { _ in Monitor(false) }

    static func number(_ number: UInt8) -> Monitor<Bool> { all[Int(number)] }
}
