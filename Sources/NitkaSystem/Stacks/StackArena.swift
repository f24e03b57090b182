// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The stacks of many threads, cut from a few mappings, each with a guard page below it.
///
/// The C library maps and guards each stack separately: 2 mappings per thread, of which a process may have 65,530.
package final class StackArena: Sendable {
    /// The size of a thread's stack without its guard page.
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
    ///   - stackBytes: 64 KiB or more. Only the pages that a thread touches take memory.
    ///   - warmLimit: how many free stacks keep the pages that their last thread touched.
    package init(stackBytes: Int, guards: StackGuard = .available, warmLimit: Int = 64) {
        // The upper bound is larger than every address space, and far from overflow.
        self.stackBytes = wholePages(min(max(stackBytes, smallestStack), 1 << 48))
        self.guards = guards
        state = Lock(State(slots: StackSlots(stride: self.stackBytes + pageSize, warmLimit: warmLimit)))
    }

    deinit {
        state.withLock { state in
            // The last thread of an abandoned group releases the arena while it still uses its stack.
            guard state.slots.taken == 0 else { return }
            for chunk in state.chunks { munmap(UnsafeMutableRawPointer(bitPattern: chunk.lowerBound), chunk.count) }
        }
    }

    /// - Throws: ENOMEM when there is no memory for a stack.
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

    /// Returns a slot. Its thread must have been joined, or never have started.
    package func put(_ slot: StackSlot) {
        guard let cooling = state.withLock({ $0.slots.put(slot) }) else { return }
        // The guard page is not part of this range, and remains.
        madvise(cooling.pointer + pageSize, stackBytes, MADV_DONTNEED)
        state.withLock { $0.slots.putCold(cooling) }
    }

    /// The part of a slot that a thread may use.
    func memory(of slot: StackSlot) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: slot.pointer + pageSize, count: stackBytes)
    }

    /// Doubles the number of slots, so that a small server maps little; adds fewer where there is no memory for as many.
    private func grow(_ state: inout State) throws(Errno) {
        let stride = stackBytes + pageSize
        var count = min(max(state.chunks.reduce(0) { $0 + $1.count } / stride, 16), 256)
        while true {
            do throws(Errno) {
                let memory = try mapPrivate(count * stride)
                // A stack in a huge page would take 2 MiB. Since 6.7, Linux uses none for MAP_STACK.
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

/// How the page below a stack is protected.
package enum StackGuard: Hashable, Sendable {
    /// A mark in the page table (`MADV_GUARD_INSTALL`, Linux 6.13), which does not split the mapping.
    case mark
    /// `mprotect`, which splits the mapping: every stack takes 2 of the process's mappings.
    case protection

    /// The best guard of this kernel, tried once on a page.
    package static let available: StackGuard = {
        guard let page = try? mapPrivate(pageSize) else { return .protection }
        defer { munmap(page, pageSize) }
        return madvise(page, pageSize, guardInstall) == 0 ? .mark : .protection
    }()

    /// How many mappings a guarded stack takes.
    package var mappingsPerStack: Int { self == .mark ? 0 : 2 }

    fileprivate func install(at page: UnsafeMutableRawPointer) throws(Errno) {
        // In locked memory (mlockall) the kernel refuses the mark.
        if self == .mark, madvise(page, pageSize, guardInstall) == 0 { return }
        try systemCall { mprotect(page, pageSize, PROT_NONE) }
    }
}

/// `MADV_GUARD_INSTALL`, which the C library's headers may not have yet.
private let guardInstall: CInt = 102

extension StackSlot {
    fileprivate var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: address)! }
}

let pageSize = sysconf(CInt(_SC_PAGESIZE))

func wholePages(_ bytes: Int) -> Int { (bytes + pageSize - 1) / pageSize * pageSize }

/// Address space that takes memory only where it is written to.
private func mapPrivate(_ count: Int) throws(Errno) -> UnsafeMutableRawPointer {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK
    let memory = mmap(nil, count, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let memory, memory != MAP_FAILED else { throw Errno.last }
    return memory
}
