// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A lock of four bytes, for what is locked for every message and hardly ever by two at once.
///
/// It stands among the fields that it guards, where a pthread mutex takes a cache line elsewhere, and another in which
/// it looks up who locks it. Of hundreds of clients each has left the processor's caches before it speaks again: then
/// lines are what a lock costs.
package struct WordLock: ~Copyable, Sendable {
    private enum Word {
        static let free: UInt32 = 0
        static let taken: UInt32 = 1
        /// Taken, and somebody may be waiting for it.
        static let awaited: UInt32 = 2
    }

    private let word = Atomic<UInt32>(Word.free)

    package init() {}

    /// Takes the lock, and blocks the calling thread while another has it. It may not have it already.
    ///
    /// - Parameter lot: any number: who waits for locks with different ones is mostly not woken for the other.
    @inline(__always)
    package borrowing func lock(waitingAt lot: CInt) {
        if word.compareExchange(expected: Word.free, desired: Word.taken, ordering: .acquiring).exchanged { return }
        wait(at: lot)
    }

    /// Gives the lock back, which the calling thread has.
    ///
    /// - Parameter lot: the number that it was locked with.
    @inline(__always)
    package borrowing func unlock(waitingAt lot: CInt) {
        if word.exchange(Word.free, ordering: .releasing) == Word.awaited { wake(at: lot) }
    }

    /// Who unlocks after the exchange here has to come by the monitor's own mutex, and so finds this thread waiting.
    @inline(never)
    private borrowing func wait(at lot: CInt) {
        WaitingRoom.of(lot).wait { _ in
            word.exchange(Word.awaited, ordering: .acquiring) == Word.free ? () : nil
        }
    }

    @inline(never)
    private borrowing func wake(at lot: CInt) { WaitingRoom.of(lot).update { _ in } }
}

/// Where threads wait for one of many locks.
private enum WaitingRoom {
    // Of no bytes, the state would stand at the address of whatever lies next, and Thread Sanitizer take it for that.
    private static let all = (0..<64).map { _ in Monitor(false) }

    static func of(_ lot: CInt) -> Monitor<Bool> { all[Int(lot.magnitude) % all.count] }
}
