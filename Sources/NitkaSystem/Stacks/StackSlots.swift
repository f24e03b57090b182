// SPDX-License-Identifier: Apache-2.0

/// Room for one thread's stack, by the address of its guard, which is its low end.
package struct StackSlot: Hashable, Sendable {
    package let address: UInt
}

/// Which slot the next thread gets, and whose pages go back to the machine: decided here, done by ``StackArena``.
///
/// The slot that was put back last is taken first, while its pages are in the cache.
package struct StackSlots {
    /// From one slot to the next, in bytes.
    let stride: UInt
    /// How many free slots keep their pages: a thread that starts on one of them meets no page fault, and one that
    /// ends costs no call to the kernel.
    let warmLimit: Int

    private var warm: [StackSlot] = []
    private var cold: [StackSlot] = []
    private var unused: Range<UInt> = 0..<0
    /// Slots that are taken.
    package private(set) var taken = 0

    package init(stride: Int, warmLimit: Int) {
        self.stride = UInt(stride)
        self.warmLimit = warmLimit
    }

    /// A slot that a thread has used before; nil when none is free.
    package mutating func takeUsed() -> StackSlot? {
        guard let slot = warm.popLast() ?? cold.popLast() else { return nil }
        taken += 1
        return slot
    }

    /// The slot that is taken next when none was used before. It has no guard yet.
    package var nextUnused: StackSlot? {
        unused.count >= stride ? StackSlot(address: unused.lowerBound) : nil
    }

    package mutating func takeUnused() {
        unused = unused.lowerBound + stride..<unused.upperBound
        taken += 1
    }

    /// More memory, when ``nextUnused`` is nil.
    package mutating func add(_ memory: Range<UInt>) { unused = memory }

    /// Puts a slot back.
    ///
    /// - Returns: the slot that has lain there longest with its pages, when there are too many of them. It is nobody's
    ///   until it comes back by ``putCold(_:)``: a thread that took it before its pages are gone would lose its stack.
    package mutating func put(_ slot: StackSlot) -> StackSlot? {
        taken -= 1
        warm.append(slot)
        return warm.count > warmLimit ? warm.removeFirst() : nil
    }

    /// Puts a slot back whose pages are gone.
    package mutating func putCold(_ slot: StackSlot) { cold.append(slot) }
}
