// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import NitkaSystem

@Suite struct ThreadGroupTests {
    @Test("100 threads one after another use 2 stacks") func sequentialThreads() throws {
        let seen = Monitor<Set<UInt>>([])
        let group = ThreadGroup(stacks: StackArena(stackBytes: 512 * 1024))
        for _ in 0..<100 {
            let hasRun = Monitor(false)
            try group.start(named: "row") {
                withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { place in
                    let address = UInt(bitPattern: place.baseAddress) / (512 * 1024)
                    seen.update { _ = $0.insert(address) }
                }
                hasRun.update { $0 = true }
            }
            _ = hasRun.wait { $0 ? true : nil }
            // A thread joins only one that has ended.
            try eventually("the thread has ended") { threads(named: "row").isEmpty }
        }
        #expect(group.join(until: nil))
        // A stack of 512 KiB is in 1 or 2 windows of that size.
        #expect(seen.withLock { $0.count } <= 4)
    }

    @Test("a thread without memory for its stack fails with ENOMEM") func noMemory() throws {
        let arena = StackArena(stackBytes: .max)
        #expect(throws: Errno.noMemory) { try arena.take() }
        let group = ThreadGroup(stacks: arena)
        #expect(throws: Errno.noMemory) { try group.start(named: "never") {} }
        #expect(group.join(until: .now))
    }

    @Test("a thread that can't be created returns its stack") func noThread() async {
        await #expect(processExitsWith: .success) {
            let arena = StackArena(stackBytes: 256 * 1024)
            let first = try arena.take()
            arena.put(first)
            forbidThreads()
            let group = ThreadGroup(stacks: arena)
            #expect(throws: Errno.wouldBlock) { try group.start(named: "never") {} }
            #expect(group.join(until: .now))
            #expect(try arena.take() == first)
        }
    }

    @Test("thousands of threads leak no descriptor, no thread and no mapping") func noLeak() async {
        await #expect(processExitsWith: .success) {
            try runMany()
            let before = countAll()
            precondition(before.allSatisfy { $0 >= 0 })
            // 10 times, because the runtime may end a few of its own threads meanwhile, which would hide a small leak.
            for _ in 0..<10 { try runMany() }
            try eventually("there are no more than before") { zip(countAll(), before).allSatisfy(<=) }
        }
    }

    /// The C library keeps its data of a thread on the thread's stack.
    @Test("a stack with the data of an earlier thread works as a new one") func dirtyStack() async {
        await #expect(processExitsWith: .success) { try startOnDirtyStacks(3_000) }
    }

    @Test("a thread whose group was abandoned keeps its stack") func abandonedThread() async {
        await #expect(processExitsWith: .success) {
            let mayEnd = Monitor(false)
            do {
                let group = ThreadGroup()
                try group.start(named: "late") {
                    _ = mayEnd.wait { $0 ? true : nil }
                    let here = withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) {
                        UInt(bitPattern: $0.baseAddress)
                    }
                    precondition(recurse(downTo: here - 200_000) > 0)
                }
                let hasEnded = group.join(until: .now + .milliseconds(20))
                precondition(!hasEnded)
            }
            mayEnd.update { $0 = true }
            try eventually("the thread has ended") { threads(named: "late").isEmpty }
        }
    }
}

// MARK: - In a process of its own

/// Makes the process one of an ordinary user that may create no more threads.
private func forbidThreads() {
    let ordinaryUser: uid_t = 65_534
    if geteuid() == 0 { precondition(setuid(ordinaryUser) == 0) }
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &limit)
}

private func runMany() throws {
    let group = ThreadGroup(stacks: StackArena(stackBytes: 512 * 1024, warmLimit: 8))
    for _ in 0..<4 {
        for _ in 0..<500 { try group.start(named: "one") {} }
        precondition(group.join(until: nil), "threads have not ended")
    }
    let mayEnd = Monitor(false)
    for _ in 0..<500 { try group.start(named: "all") { _ = mayEnd.wait { $0 ? true : nil } } }
    mayEnd.update { $0 = true }
    precondition(group.join(until: nil))
}

/// Thread-specific values start as nil on every thread, and are destroyed once for each.
private func startOnDirtyStacks(_ count: Int) throws {
    let arena = StackArena(stackBytes: 512 * 1024)
    let slots = try (0..<4).map { _ in try arena.take() }
    for slot in slots { arena.memory(of: slot).initializeMemory(as: UInt8.self, repeating: 0xff) }
    for slot in slots { arena.put(slot) }
    var key = pthread_key_t()
    pthread_key_create(&key) { Unmanaged<Counted>.fromOpaque($0!).release() }
    let group = ThreadGroup(stacks: arena)
    for number in 1...count {
        try group.start(named: "dirty") { [key] in
            precondition(pthread_getspecific(key) == nil)
            pthread_setspecific(key, Unmanaged.passRetained(Counted()).toOpaque())
            precondition(CurrentThread.name == "dirty")
            withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 16) { block in
                _ = block.initializeMemory(as: UInt8.self, repeating: 0xff)
            }
        }
        if number.isMultiple(of: 4) { precondition(group.join(until: nil)) }
    }
    precondition(group.join(until: nil))
    precondition(Counted.living.withLock { $0 } == 0)
}

private final class Counted: Sendable {
    static let living = Lock(0)

    init() { Self.living.withLock { $0 += 1 } }

    deinit { Self.living.withLock { $0 -= 1 } }
}

private func countAll() -> [Int] {
    let threadCount = ProcFile.names(in: "/proc/self/task")?.count ?? -1
    return [descriptorCount(), threadCount, isSanitized ? 0 : countMappings()]
}
