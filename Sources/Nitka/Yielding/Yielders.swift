// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel
internal import Synchronization

/// The readers of one server that give their core away before they ask for the next message: all of them do, or none.
///
/// Where more clients talk at once than there are cores, a thread that blocks in recv(2) sets a timer, leaves the
/// kernel's queue and joins it again a moment later. One that yields first keeps its place in it, and finds its message
/// when its turn has come.
///
/// But who yields stands behind all who do not: beside readers that block it would be served last, and a program that
/// computes takes whole slices. So all begin together, and all stop when turns come too late.
final class Yielders: Sendable {
    /// Odd while they yield.
    private let period = Atomic<UInt32>(0)
    /// Of this period. One that leaves late may take one too many from the next: a turn may then take a little less.
    private let count = Atomic<Int>(0)
    private let policy = Lock(YieldPolicy())
    private let cores: Int

    init(cores: Int = CurrentProcess.processorCount) { self.cores = cores }

    /// The number of this period; nil while nobody yields. Asked for every message.
    @inline(__always)
    var now: UInt32? {
        let period = period.load(ordering: .relaxed)
        return period & 1 == 1 ? period : nil
    }

    /// How many yield, at a guess: nobody waits for anybody.
    var number: Int { max(0, count.load(ordering: .relaxed)) }

    func join() { count.add(1, ordering: .relaxed) }

    func leave(_ period: UInt32) {
        if period == now { count.subtract(1, ordering: .relaxed) }
    }

    /// All begin, unless they stopped a short while ago.
    func begin() {
        policy.withLock { policy in
            guard !policy.isOn, policy.begin(at: .now) else { return }
            count.store(0, ordering: .relaxed)
            period.add(1, ordering: .relaxed)
        }
    }

    func stop() {
        policy.withLock { policy in
            guard policy.isOn else { return }
            policy.stop(at: .now)
            period.add(1, ordering: .relaxed)
        }
    }

    /// Does a turn that took so long come too late to have been spent on readers alone?
    func isTooLong(_ turn: Duration) -> Bool {
        turn > YieldPolicy.longestTurn(of: number, on: cores)
    }
}
