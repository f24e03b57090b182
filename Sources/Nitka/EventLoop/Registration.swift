// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// What an event loop knows of one connection, and the tasks that wait for it: 1 reader and 1 writer.
final class Registration: @unchecked Sendable {
    // Unchecked: only the loop's thread uses the state. Exclusivity is unchecked because no access calls code that uses
    // the state again, and a check costs 2 runtime calls.
    @exclusivity(unchecked) var state = State()

    struct State {
        /// The kernel has reported input, and since then no receive has returned fewer bytes than it had space for.
        var hasInput = false
        /// The kernel has reported buffer space since the last send that took nothing.
        var hasSpace = false
        /// A short receive no longer means an empty socket, see `LoopReadiness.mayHaveMore`: reads continue until one finds
        /// nothing.
        var mayHaveMore = false
        /// The kernel reports buffer space too. Most clients never fill their send buffer and never need it.
        var reportsSpace = false
        /// A drain ends the reader's wait when the input stays quiet.
        var hearsOfDrain = false
        private var callsInARow = 0
        var reader = Waiter()
        var writer = Waiter()
        var reading = AsyncMutex()
        var writing = AsyncMutex()
        var token = UInt64.max
        /// The earliest timer of the registration in the heap; `.max` for none.
        var timer = Int64.max
        /// A second, later timer of it that is still in the heap; `.max` for none.
        var laterTimer = Int64.max

        /// When the first of the two waits times out.
        var due: Int64 { min(reader.due, writer.due) }

        /// After this many reads and writes in a row that did not wait, the loop's other clients have their turn.
        private static let mostCallsInARow = 32

        /// Counts a read or a write that did not wait. Returns true when the task should let others run.
        mutating func countCall() -> Bool {
            callsInARow += 1
            if callsInARow < Self.mostCallsInARow { return false }
            callsInARow = 0
            return true
        }

        mutating func noteWait() { callsInARow = 0 }
    }

    @inline(__always)
    nonisolated(nonsending) func waitToRead(on loop: EventLoop, until deadline: MonotonicTime) async -> Waiter.Outcome {
        await withUnsafeContinuation { continuation in
            // Check again: a report may have come since the caller's check.
            if state.hasInput { return continuation.resume(returning: .ready) }
            state.noteWait()
            state.reader.wait(continuation, until: deadline.nanoseconds)
            loop.setTimer(for: self)
        }
    }

    nonisolated(nonsending) func waitToWrite(
        on loop: EventLoop, until deadline: MonotonicTime
    ) async -> Waiter.Outcome {
        await withUnsafeContinuation { continuation in
            if state.hasSpace { return continuation.resume(returning: .ready) }
            state.noteWait()
            state.writer.wait(continuation, until: deadline.nanoseconds)
            loop.setTimer(for: self)
        }
    }

    nonisolated(nonsending) func lockReading() async {
        await withUnsafeContinuation { state.reading.lock($0) }
    }

    nonisolated(nonsending) func lockWriting() async {
        await withUnsafeContinuation { state.writing.lock($0) }
    }
}

/// A task that is suspended until something happens or its deadline passes.
struct Waiter {
    /// What ended the wait.
    enum Outcome {
        case ready
        case timedOut
    }

    private var continuation: UnsafeContinuation<Outcome, Never>?
    private var deadline = Int64.max

    var isWaiting: Bool { continuation != nil }

    var due: Int64 { continuation == nil ? .max : deadline }

    mutating func wait(_ continuation: UnsafeContinuation<Outcome, Never>, until deadline: Int64) {
        assert(!isWaiting, "1 task waits at a time")
        self.continuation = continuation
        self.deadline = deadline
    }

    /// Makes the deadline `moment` if that is earlier.
    mutating func hurry(_ moment: Int64) { deadline = min(deadline, moment) }

    mutating func resume(_ outcome: Outcome) { continuation.take()?.resume(returning: outcome) }
}

/// Mutual exclusion of the tasks of one loop: 1 task holds the mutex, the others are suspended and get it in order.
struct AsyncMutex {
    private var isLocked = false
    private var waiting: [UnsafeContinuation<Void, Never>] = []

    /// Takes the mutex if it is free.
    mutating func tryLock() -> Bool {
        defer { isLocked = true }
        return !isLocked
    }

    /// Takes the mutex, or waits until its holder passes it on, still locked.
    mutating func lock(_ continuation: UnsafeContinuation<Void, Never>) {
        if tryLock() { continuation.resume() } else { waiting.append(continuation) }
    }

    mutating func unlock() {
        if waiting.isEmpty { isLocked = false } else { waiting.removeFirst().resume() }
    }
}

/// Finds what an event of epoll(7) is for. A token names a slot and its generation, so an event of a closed descriptor
/// finds nothing, even when the slot is in use again.
struct RegistrationTable {
    enum Content {
        case free
        case connection(Registration)
        /// A closure that the loop calls on its thread.
        case signal(() -> Void)
    }

    private struct Slot {
        var generation: UInt32 = 0
        var content = Content.free
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []

    mutating func insert(_ content: Content) -> UInt64 {
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = UInt32(slots.count)
            slots.append(Slot())
        }
        slots[Int(index)].content = content
        return UInt64(slots[Int(index)].generation) << 32 | UInt64(index)
    }

    mutating func remove(_ token: UInt64) {
        guard let index = index(of: token) else { return }
        slots[index].content = .free
        slots[index].generation &+= 1
        free.append(UInt32(index))
    }

    subscript(token: UInt64) -> Content { index(of: token).map { slots[$0].content } ?? .free }

    var registrations: [Registration] {
        slots.compactMap { if case .connection(let registration) = $0.content { registration } else { nil } }
    }

    private func index(of token: UInt64) -> Int? {
        let index = Int(token & 0xffff_ffff)
        return index < slots.count && slots[index].generation == UInt32(token >> 32) ? index : nil
    }
}
