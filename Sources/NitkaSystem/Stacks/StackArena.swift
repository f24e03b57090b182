// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The stacks of many threads, cut from few mappings, each with a guard under it.
///
/// The C library maps and guards each stack by itself: two mappings a thread, of which a process may have 65,530.
package final class StackArena: Sendable {
    /// The stack of a thread, without its guard.
    package let stackBytes: Int
    package let guards: StackGuard
    private let state: Lock<State>

    private struct State {
        var slots: StackSlots
        var chunks: [Range<UInt>] = []
    }

    /// Maps nothing yet.
    ///
    /// - Parameters:
    ///   - stackBytes: at least 64 KiB is used. Only what a thread touches becomes memory.
    ///   - warmLimit: how many free stacks keep the memory that their last thread touched.
    package init(stackBytes: Int, guards: StackGuard = .available, warmLimit: Int = 64) {
        // The upper bound is far from overflow, and beyond every address space.
        let wanted = min(max(stackBytes, smallestStack), 1 << 48)
        self.stackBytes = (wanted + pageSize - 1) / pageSize * pageSize
        self.guards = guards
        state = Lock(State(slots: StackSlots(stride: self.stackBytes + pageSize, warmLimit: warmLimit)))
    }

    deinit {
        state.withLock { state in
            // The last thread of an abandoned chain drops the arena while it still stands on it.
            guard state.slots.taken == 0 else { return }
            for chunk in state.chunks { munmap(UnsafeMutableRawPointer(bitPattern: chunk.lowerBound), chunk.count) }
        }
    }

    /// - Throws: ENOMEM when there is no room for one more.
    package func take() throws(Errno) -> StackSlot {
        try state.withLock { state throws(Errno) in
            if let slot = state.slots.takeUsed() { return slot }
            if state.slots.nextUnused == nil { try grow(&state) }
            let slot = state.slots.nextUnused!
            try guards.install(at: slot.pointer)
            state.slots.takeUnused()
            return slot
        }
    }

    /// Takes a slot back that its thread has left for certain: it was joined, or never started.
    package func put(_ slot: StackSlot) {
        guard let cooling = state.withLock({ $0.slots.put(slot) }) else { return }
        // The guard is outside of what is given back, and stays.
        madvise(cooling.pointer + pageSize, stackBytes, MADV_DONTNEED)
        state.withLock { $0.slots.putCold(cooling) }
    }

    /// The part of a slot that a thread may use.
    func memory(of slot: StackSlot) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: slot.pointer + pageSize, count: stackBytes)
    }

    /// As many slots again as there are, so that a small server maps little; fewer where that is too much to ask.
    private func grow(_ state: inout State) throws(Errno) {
        let stride = stackBytes + pageSize
        var count = min(max(state.chunks.reduce(0) { $0 + $1.count } / stride, 16), 256)
        while true {
            do throws(Errno) {
                let memory = try mapPrivate(count * stride)
                // A stack in a huge page would cost 2 MiB. Linux leaves MAP_STACK alone by itself since 6.7.
                madvise(memory, count * stride, MADV_NOHUGEPAGE)
                let start = UInt(bitPattern: memory)
                state.chunks.append(start..<start + UInt(count * stride))
                return state.slots.add(state.chunks.last!)
            } catch {
                guard error == .noMemory, count > 1 else { throw error }
                count /= 2
            }
        }
    }
}

extension StackSlot {
    fileprivate var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: address)! }
}
