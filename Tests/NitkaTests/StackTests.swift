// SPDX-License-Identifier: Apache-2.0

import Glibc
import Nitka
import Testing

@testable import NitkaSystem

@Suite struct StackSlotTests {
    private func slots(warmLimit: Int = 2) -> StackSlots {
        var slots = StackSlots(stride: 10, warmLimit: warmLimit)
        slots.add(100..<140)
        return slots
    }

    private func slot(_ address: UInt) -> StackSlot { StackSlot(address: address) }

    @Test func unusedSlotsGoOneAfterTheOther() {
        var slots = slots()
        for address in stride(from: UInt(100), to: 140, by: 10) {
            #expect(slots.takeUsed() == nil)
            #expect(slots.nextUnused == slot(address))
            slots.takeUnused()
        }
        #expect(slots.nextUnused == nil)
        #expect(slots.taken == 4)
        slots.add(200..<210)
        #expect(slots.nextUnused == slot(200))
    }

    @Test func theLastToComeBackIsTheFirstToGo() {
        var slots = slots()
        for _ in 0..<2 { slots.takeUnused() }
        #expect(slots.put(slot(100)) == nil)
        #expect(slots.put(slot(110)) == nil)
        #expect(slots.takeUsed() == slot(110))
        #expect(slots.takeUsed() == slot(100))
        #expect(slots.takeUsed() == nil)
        #expect(slots.taken == 2)
    }

    @Test func theLongestIdleIsNobodysUntilItIsCold() {
        var slots = slots()
        for _ in 0..<3 { slots.takeUnused() }
        _ = slots.put(slot(100))
        _ = slots.put(slot(110))
        #expect(slots.put(slot(120)) == slot(100))
        #expect(slots.taken == 0)
        #expect([slots.takeUsed(), slots.takeUsed(), slots.takeUsed()] == [slot(120), slot(110), nil])
        slots.putCold(slot(100))
        #expect(slots.put(slot(110)) == nil)
        #expect([slots.takeUsed(), slots.takeUsed()] == [slot(110), slot(100)])
    }
}

@Suite struct StackTests {
    @Test(arguments: [StackGuard.mark, .protection])
    func everyByteAboveTheGuardsCanBeUsed(guards: StackGuard) throws {
        let arena = StackArena(stackBytes: 64 * 1024, guards: guards)
        let taken = try (0..<40).map { _ in try arena.take() }
        for slot in taken { touch(arena.memory(of: slot)) }
        #expect(Set(taken).count == 40)
        for slot in taken { arena.put(slot) }
    }

    @Test(.enabled(if: StackGuard.available == .mark, "this kernel has no MADV_GUARD_INSTALL"))
    func anOverflowHitsTheMark() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) { try overflow(.mark) }
    }

    @Test func anOverflowHitsTheProtection() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) { try overflow(.protection) }
    }

    @Test(.enabled(if: StackGuard.available == .mark, "this kernel has no MADV_GUARD_INSTALL"))
    func theMarkOutlivesThePagesThatWereGivenBack() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) { try touchGuardOfCooledSlot(.mark) }
    }

    @Test func theProtectionOutlivesThePagesThatWereGivenBack() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) { try touchGuardOfCooledSlot(.protection) }
    }

    @Test func aHundredThreadsInARowStandOnTwoStacks() throws {
        let seen = Monitor<Set<UInt>>([])
        let chain = ThreadGroup(stacks: StackArena(stackBytes: 512 * 1024))
        for _ in 0..<100 {
            let hasRun = Monitor(false)
            try chain.start(named: "row") {
                withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { place in
                    let address = UInt(bitPattern: place.baseAddress) / (512 * 1024)
                    seen.update { _ = $0.insert(address) }
                }
                hasRun.update { $0 = true }
            }
            _ = hasRun.wait { $0 ? true : nil }
            // Only the one that has ended is joined by the next.
            try eventually("it has ended") { threads(named: "row").isEmpty }
        }
        #expect(chain.join(until: nil))
        // A stack of 512 KiB lies in one or two windows of that size.
        #expect(seen.withLock { $0.count } <= 4)
    }

    @Test func pagesBeyondTheWarmStacksAreGivenBack() throws {
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
        .enabled(if: StackGuard.available == .mark, "this kernel has no MADV_GUARD_INSTALL"),
        .disabled(if: isSanitized, "a sanitizer maps memory for every page that is touched"))
    func markedStacksCostNoMappings() async {
        await #expect(processExitsWith: .success) {
            let before = countMappings()
            let arena = StackArena(stackBytes: 256 * 1024, guards: .mark)
            for _ in 0..<2_000 { touch(arena.memory(of: try arena.take()), pages: 1) }
            let after = countMappings()
            precondition(after - before < 10, "before \(before), after \(after)")
        }
    }

    @Test func protectedStacksCostTwoMappingsEach() async {
        await #expect(processExitsWith: .success) {
            let before = countMappings()
            let arena = StackArena(stackBytes: 256 * 1024, guards: .protection)
            for _ in 0..<2_000 { touch(arena.memory(of: try arena.take()), pages: 1) }
            let after = countMappings()
            precondition((3_900...4_100).contains(after - before), "before \(before), after \(after)")
        }
    }

    @Test func anArenaUnmapsWhatItMapped() async {
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

    @Test func noRoomIsAnErrnoAndLeavesNothing() throws {
        let arena = StackArena(stackBytes: .max)
        #expect(throws: Errno.noMemory) { try arena.take() }
        let chain = ThreadGroup(stacks: arena)
        #expect(throws: Errno.noMemory) { try chain.start(named: "never") {} }
        #expect(chain.join(until: .now))
    }

    @Test func aThreadThatCannotBeMadeGivesItsStackBack() async {
        await #expect(processExitsWith: .success) {
            let arena = StackArena(stackBytes: 256 * 1024)
            let first = try arena.take()
            arena.put(first)
            forbidThreads()
            let chain = ThreadGroup(stacks: arena)
            #expect(throws: Errno.wouldBlock) { try chain.start(named: "never") {} }
            #expect(chain.join(until: .now))
            #expect(try arena.take() == first)
        }
    }

    @Test(.disabled(if: isSanitized, "the address space is full of a sanitizer's shadow"))
    func littleRoomIsUsedToItsEnd() async {
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

    @Test func manyThreadsLeaveNothing() async {
        await #expect(processExitsWith: .success) {
            try runMany()
            let before = countAll()
            precondition(before.allSatisfy { $0 >= 0 })
            // The runtime may let a few threads of its own go meanwhile, behind which a leak of one a time would hide.
            for _ in 0..<10 { try runMany() }
            try eventually("there is no more than before") { zip(countAll(), before).allSatisfy(<=) }
        }
    }

    /// What the thread before left on the stack must be no harm to the C library's data of the next, which lies there.
    @Test func aDirtyStackIsAsGoodAsANewOne() async {
        await #expect(processExitsWith: .success) { try startOnDirtyStacks(3_000) }
    }

    @Test func aThreadThatNobodyWaitedForKeepsItsStack() async {
        await #expect(processExitsWith: .success) {
            let mayEnd = Monitor(false)
            do {
                let chain = ThreadGroup()
                try chain.start(named: "late") {
                    _ = mayEnd.wait { $0 ? true : nil }
                    let here = withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) {
                        UInt(bitPattern: $0.baseAddress)
                    }
                    precondition(recurse(downTo: here - 200_000) > 0)
                }
                let isOver = chain.join(until: .now + .milliseconds(20))
                precondition(!isOver)
            }
            mayEnd.update { $0 = true }
            try eventually("it has ended") { threads(named: "late").isEmpty }
        }
    }
}

// MARK: - What runs in a process of its own

private func overflow(_ guards: StackGuard) throws {
    let arena = StackArena(stackBytes: 256 * 1024, guards: guards)
    // Under the guard lies somebody else's stack: without a guard nothing would stop there.
    let below = arena.memory(of: try arena.take())
    let middle = UInt(bitPattern: below.baseAddress) + UInt(below.count) / 2
    let chain = ThreadGroup(stacks: arena)
    try chain.start(named: "deep") { precondition(recurse(downTo: middle) > 0) }
    _ = chain.join(until: nil)
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
    // Thread Sanitizer would turn the signal into an exit code.
    signal(SIGSEGV, SIG_DFL)
    memory.baseAddress!.storeBytes(of: 1, toByteOffset: -1, as: UInt8.self)
}

/// A kilobyte of stack and more for each step, and less than a page: no step may leap over a guard.
@inline(never)
private func recurse(downTo address: UInt) -> Int {
    withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 16) { block in
        block[0] = 1
        return UInt(bitPattern: block.baseAddress) < address ? 1 : recurse(downTo: address) + Int(block[0])
    }
}

/// An ordinary user who may have no thread more.
private func forbidThreads() {
    let nobody: uid_t = 65_534
    if geteuid() == 0 { precondition(setuid(nobody) == 0) }
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &limit)
}

private func runMany() throws {
    let chain = ThreadGroup(stacks: StackArena(stackBytes: 512 * 1024, warmLimit: 8))
    for _ in 0..<4 {
        for _ in 0..<500 { try chain.start(named: "one") {} }
        precondition(chain.join(until: nil), "threads are left")
    }
    let mayEnd = Monitor(false)
    for _ in 0..<500 { try chain.start(named: "all") { _ = mayEnd.wait { $0 ? true : nil } } }
    mayEnd.update { $0 = true }
    precondition(chain.join(until: nil))
}

/// Values that a thread keeps for itself start as nil on every thread, and are destroyed once for each.
private func startOnDirtyStacks(_ count: Int) throws {
    let arena = StackArena(stackBytes: 512 * 1024)
    let slots = try (0..<4).map { _ in try arena.take() }
    for slot in slots { arena.memory(of: slot).initializeMemory(as: UInt8.self, repeating: 0xff) }
    for slot in slots { arena.put(slot) }
    var key = pthread_key_t()
    pthread_key_create(&key) { Unmanaged<Counted>.fromOpaque($0!).release() }
    let chain = ThreadGroup(stacks: arena)
    for number in 1...count {
        try chain.start(named: "dirty") { [key] in
            precondition(pthread_getspecific(key) == nil)
            pthread_setspecific(key, Unmanaged.passRetained(Counted()).toOpaque())
            precondition(CurrentThread.name == "dirty")
            withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 16) { block in
                _ = block.initializeMemory(as: UInt8.self, repeating: 0xff)
            }
        }
        if number.isMultiple(of: 4) { precondition(chain.join(until: nil)) }
    }
    precondition(chain.join(until: nil))
    precondition(Counted.living.withLock { $0 } == 0)
}

private final class Counted: Sendable {
    static let living = Lock(0)

    init() { Self.living.withLock { $0 += 1 } }

    deinit { Self.living.withLock { $0 -= 1 } }
}

// MARK: - Looking

private func touch(_ memory: UnsafeMutableRawBufferPointer, pages: Int = .max) {
    for offset in stride(from: 0, to: memory.count, by: pageSize).prefix(pages) { memory[offset] = 1 }
}

private func residentPages(_ memory: UnsafeMutableRawBufferPointer) -> Int {
    var pages = [UInt8](repeating: 0, count: memory.count / pageSize)
    mincore(memory.baseAddress!, memory.count, &pages)
    return pages.count { $0 & 1 == 1 }
}

private func countMappings() -> Int { ProcFile.text("/proc/self/maps")?.utf8.count { $0 == UInt8(ascii: "\n") } ?? -1 }

private func countAll() -> [Int] {
    let folders = ["/proc/self/fd", "/proc/self/task"]
    return folders.map { ProcFile.names(in: $0)?.count ?? -1 } + [isSanitized ? 0 : countMappings()]
}

/// A sanitizer keeps a shadow of all memory, which is more address space than anybody else uses.
private let isSanitized = addressSpaceInUse() > 1 << 40

private func addressSpaceInUse() -> Int {
    let pages = ProcFile.text("/proc/self/statm")?.split(separator: " ").first.flatMap { Int($0) }
    return (pages ?? 0) * pageSize
}
