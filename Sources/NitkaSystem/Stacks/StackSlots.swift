// SPDX-License-Identifier: Apache-2.0

/// The place of one thread's stack: the address of its guard page, which is the lowest.
package struct StackSlot: Hashable, Sendable {
    package let address: UInt
}

/// Decides which slot the next thread gets, and which free slot gives its pages back to the system; ``StackArena`` acts.
///
/// The slot that was returned last is taken first, while its pages are in the processor's cache.
package struct StackSlots {
    /// The distance between two slots, in bytes.
    let stride: UInt
    /// How many free slots keep their pages: a thread that starts on one of them causes no page faults, and a thread
    /// that ends needs no system call.
    let warmLimit: Int

    private var warm: [StackSlot] = []
    private var cold: [StackSlot] = []
    private var unused: Range<UInt> = 0..<0
    /// How many slots are taken.
    package private(set) var taken = 0

    package init(stride: Int, warmLimit: Int) {
        self.stride = UInt(stride)
        self.warmLimit = warmLimit
    }

    /// A free slot that a thread has used before; nil when there is none.
    package mutating func takeUsed() -> StackSlot? {
        guard let slot = warm.popLast() ?? cold.popLast() else { return nil }
        taken += 1
        return slot
    }

    /// The next slot that no thread has used; it has no guard yet. nil when there is no more memory.
    package var nextUnused: StackSlot? {
        unused.count >= stride ? StackSlot(address: unused.lowerBound) : nil
    }

    package mutating func takeUnused() {
        unused = unused.lowerBound + stride..<unused.upperBound
        taken += 1
    }

    /// Adds memory when ``nextUnused`` is nil.
    package mutating func add(_ memory: Range<UInt>) { unused = memory }

    /// Returns a slot.
    ///
    /// - Returns: when too many free slots keep their pages, the one that was free longest. It can't be taken until
    ///   ``putCold(_:)`` returns it: a thread that took it before its pages are discarded would lose its stack.
    package mutating func put(_ slot: StackSlot) -> StackSlot? {
        taken -= 1
        warm.append(slot)
        return warm.count > warmLimit ? warm.removeFirst() : nil
    }

    /// Returns a slot whose pages were discarded.
    package mutating func putCold(_ slot: StackSlot) { cold.append(slot) }
}
