// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// The readers of one server that may give their core away before they ask for the next message: all may, or none.
///
/// Where more clients talk at once than there are cores, a thread that blocks in recv(2) sets a timer, leaves the
/// kernel's queue, and joins it again a moment later. One that yields stays in the queue, and mostly finds its message
/// when its turn comes.
///
/// But on Linux 6.18 who yields stands behind all who do not. Beside readers that block it would be served last, and a
/// program that computes would have a slice for each turn; sched_yield(2) says of whoever calls it without a real-time
/// policy that he is likely wrong. So all begin together, and all stop for a while when turns come too late.
final class Yielders: Sendable {
    private let isOn = Atomic<Bool>(false)
    private let count = Atomic<Int>(0)
    private let pauseEnd = Atomic<Int64>(0)
    private let limit: TurnLimit

    /// Beside a program that computes each try costs some of its slices, until all stop again.
    static let pause = Duration.seconds(8)

    init(limit: TurnLimit = TurnLimit(cores: Int64(CurrentProcess.processorCount))) { self.limit = limit }

    /// Asked for every message.
    @inline(__always)
    var areOn: Bool { isOn.load(ordering: .acquiring) }

    /// How many yield, or serve what they found. A reader that waits for a message is not counted.
    var number: Int { count.load(ordering: .relaxed) }

    var longestTurn: Int64 { limit.longest(of: number) }

    func join() { count.wrappingAdd(1, ordering: .relaxed) }

    func leave() { count.wrappingSubtract(1, ordering: .relaxed) }

    /// All begin, unless they stopped a short while ago.
    func begin(at now: MonotonicTime = .now) {
        if now.nanoseconds >= pauseEnd.load(ordering: .relaxed) { isOn.store(true, ordering: .releasing) }
    }

    func stop() {
        // Who asked just before may still begin: then turns come too late again, and somebody stops again.
        pauseEnd.store((MonotonicTime.now + Self.pause).nanoseconds, ordering: .relaxed)
        isOn.store(false, ordering: .releasing)
    }
}
