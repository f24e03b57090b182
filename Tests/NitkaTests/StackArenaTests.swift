// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import NitkaSystem

@Suite struct StackArenaTests {
    @Test("every byte above the guard page can be used", arguments: [StackGuard.mark, .protection])
    func memory(guards: StackGuard) throws {
        let arena = StackArena(stackBytes: 64 * 1024, guards: guards)
        let taken = try (0..<40).map { _ in try arena.take() }
        for slot in taken { touch(arena.memory(of: slot)) }
        #expect(Set(taken).count == 40)
        for slot in taken { arena.put(slot) }
    }

    @Test(
        "a stack overflow hits the guard mark",
        .enabled(if: StackGuard.available == .mark, "this kernel has no MADV_GUARD_INSTALL"))
    func overflowHitsMark() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) { try overflow(.mark) }
    }

    @Test("a stack overflow hits the protected page") func overflowHitsProtection() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) { try overflow(.protection) }
    }

    @Test(
        "the guard mark remains when a stack gives its pages back",
        .enabled(if: StackGuard.available == .mark, "this kernel has no MADV_GUARD_INSTALL"))
    func markRemains() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) { try touchGuardOfCooledSlot(.mark) }
    }

    @Test("the protected page remains when a stack gives its pages back") func protectionRemains() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) { try touchGuardOfCooledSlot(.protection) }
    }

    @Test("free stacks beyond the warm limit give their pages back") func warmLimit() throws {
        let arena = StackArena(stackBytes: 64 * 1024, warmLimit: 4)
        let slots = try (0..<20).map { _ in try arena.take() }
        for slot in slots { touch(arena.memory(of: slot)) }
        #expect(slots.map { residentPages(arena.memory(of: $0)) } == Array(repeating: 16, count: 20))
        for slot in slots { arena.put(slot) }
        let kept = Array(repeating: 0, count: 16) + Array(repeating: 16, count: 4)
        #expect(slots.map { residentPages(arena.memory(of: $0)) } == kept)
        #expect(try arena.take() == slots[19])
    }

    @Test(
        "2,000 marked stacks take fewer than 10 mappings",
        .enabled(if: StackGuard.available == .mark, "this kernel has no MADV_GUARD_INSTALL"),
        .disabled(if: isSanitized, "a sanitizer maps memory for every page that is touched"))
    func mappingsOfMarkedStacks() async {
        await #expect(processExitsWith: .success) {
            let before = countMappings()
            let arena = StackArena(stackBytes: 256 * 1024, guards: .mark)
            for _ in 0..<2_000 { touch(arena.memory(of: try arena.take()), pages: 1) }
            let after = countMappings()
            precondition(after - before < 10, "before \(before), after \(after)")
        }
    }

    @Test("a protected stack takes 2 mappings") func mappingsOfProtectedStacks() async {
        await #expect(processExitsWith: .success) {
            let before = countMappings()
            let arena = StackArena(stackBytes: 256 * 1024, guards: .protection)
            for _ in 0..<2_000 { touch(arena.memory(of: try arena.take()), pages: 1) }
            let after = countMappings()
            precondition((3_900...4_100).contains(after - before), "before \(before), after \(after)")
        }
    }

    @Test("an arena unmaps what it has mapped") func unmaps() async {
        await #expect(processExitsWith: .success) {
            func useOne() throws {
                let arena = StackArena(stackBytes: 64 * 1024, guards: .protection)
                let slots = try (0..<1_000).map { _ in try arena.take() }
                for slot in slots { arena.put(slot) }
            }
            try useOne()
            let before = countMappings()
            for _ in 0..<5 { try useOne() }
            let after = countMappings()
            precondition(abs(after - before) < 10, "before \(before), after \(after)")
        }
    }

    @Test(
        "an arena uses a small address space to its end",
        .disabled(if: isSanitized, "a sanitizer's shadow fills the address space"))
    func smallAddressSpace() async {
        await #expect(processExitsWith: .success) {
            let arena = StackArena(stackBytes: 1 << 20)
            var limit = rlimit()
            limit.rlim_cur = rlim_t(addressSpaceInUse() + (8 << 20))
            limit.rlim_max = limit.rlim_cur
            setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
            var slots: [StackSlot] = []
            while let slot = try? arena.take() { slots.append(slot) }
            precondition((4...7).contains(slots.count), "\(slots.count)")
            for slot in slots { arena.put(slot) }
            let again = try arena.take()
            precondition(again == slots.last)
        }
    }
}

// MARK: - In a process of its own

private func overflow(_ guards: StackGuard) throws {
    let arena = StackArena(stackBytes: 256 * 1024, guards: guards)
    // The stack of another thread is below the guard: without the guard the overflow would continue there.
    let below = arena.memory(of: try arena.take())
    let middle = UInt(bitPattern: below.baseAddress) + UInt(below.count) / 2
    let group = ThreadGroup(stacks: arena)
    try group.start(named: "deep") { precondition(recurse(downTo: middle) > 0) }
    _ = group.join(until: nil)
}

private func touchGuardOfCooledSlot(_ guards: StackGuard) throws {
    let arena = StackArena(stackBytes: 64 * 1024, guards: guards, warmLimit: 0)
    let slot = try arena.take()
    touch(arena.memory(of: slot))
    arena.put(slot)
    let again = try arena.take()
    precondition(again == slot)
    let memory = arena.memory(of: again)
    precondition(memory[0] == 0 && residentPages(memory) == 1)
    // Thread Sanitizer would replace the signal by an exit code.
    signal(SIGSEGV, SIG_DFL)
    memory.baseAddress!.storeBytes(of: 1, toByteOffset: -1, as: UInt8.self)
}

/// Each step takes more than 1 KiB of stack and less than a page, so that no step passes over a guard.
@inline(never)
func recurse(downTo address: UInt) -> Int {
    withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 16) { block in
        block[0] = 1
        return UInt(bitPattern: block.baseAddress) < address ? 1 : recurse(downTo: address) + Int(block[0])
    }
}

// MARK: - Memory

private func touch(_ memory: UnsafeMutableRawBufferPointer, pages: Int = .max) {
    for offset in stride(from: 0, to: memory.count, by: pageSize).prefix(pages) { memory[offset] = 1 }
}

private func residentPages(_ memory: UnsafeMutableRawBufferPointer) -> Int {
    var pages = [UInt8](repeating: 0, count: memory.count / pageSize)
    mincore(memory.baseAddress!, memory.count, &pages)
    return pages.count { $0 & 1 == 1 }
}

func countMappings() -> Int { ProcFile.text("/proc/self/maps")?.utf8.count { $0 == UInt8(ascii: "\n") } ?? -1 }

/// A sanitizer keeps a shadow of all memory: far more address space than any other program uses.
let isSanitized = addressSpaceInUse() > 1 << 40

func addressSpaceInUse() -> Int {
    let pages = ProcFile.text("/proc/self/statm")?.split(separator: " ").first.flatMap { Int($0) }
    return (pages ?? 0) * pageSize
}
