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
        /// Buffer space is reported too. It is not at first, because most clients never fill their send buffer.
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

        private var lastTicket: UInt64 = 0
        /// The task in which a server runs the client's handler, see `CurrentTask`; 1 for none.
        var ownTask: UInt = 1

        /// When the first of the waits times out.
        var due: Int64 { min(min(reader.due, writer.due), min(reading.due, writing.due)) }

        /// After this many reads and writes in a row that did not wait, the loop's other clients have their turn.
        private static let mostCallsInARow = 32

        /// Counts a read or a write that did not wait. Returns true when the task should let others run.
        mutating func countCall() -> Bool {
            callsInARow += 1
            if callsInARow < Self.mostCallsInARow { return false }
            callsInARow = 0
            return true
        }

        /// Every wait has a number: a cancellation that comes late must not end the next wait.
        mutating func nextTicket() -> UInt64 {
            callsInARow = 0
            lastTicket &+= 1
            return lastTicket
        }

        mutating func cancel(_ ticket: UInt64) {
            if reader.ticket == ticket { reader.resume(.cancelled) }
            if writer.ticket == ticket { writer.resume(.cancelled) }
            reading.resume(.cancelled) { $0.ticket == ticket }
            writing.resume(.cancelled) { $0.ticket == ticket }
        }

        mutating func timeOut(at now: Int64) {
            if reader.due <= now { reader.resume(.timedOut) }
            if writer.due <= now { writer.resume(.timedOut) }
            reading.resume(.timedOut) { $0.due <= now }
            writing.resume(.timedOut) { $0.due <= now }
        }
    }

    /// Suspends the task until the kernel reports input.
    @inline(never)
    nonisolated(nonsending) func waitToRead(on loop: EventLoop, until deadline: MonotonicTime) async -> Waiter.Outcome {
        await suspend(on: loop, until: deadline) { state, waiter in
            state.reader = waiter
            // A report may have come since the caller's check.
            if state.hasInput { state.reader.resume(.ready) }
        }
    }

    /// Suspends the task until the kernel reports buffer space.
    nonisolated(nonsending) func waitToWrite(
        on loop: EventLoop, until deadline: MonotonicTime
    ) async -> Waiter.Outcome {
        await suspend(on: loop, until: deadline) { state, waiter in
            state.writer = waiter
            if state.hasSpace { state.writer.resume(.ready) }
        }
    }

    /// Takes the right to read, or suspends the task until it has it. `state.reading.unlock()` must follow if the outcome
    /// is `.ready`.
    nonisolated(nonsending) func lockReading(
        on loop: EventLoop, until deadline: MonotonicTime = .distantFuture
    ) async -> Waiter.Outcome {
        await suspend(on: loop, until: deadline) { state, waiter in state.reading.lock(waiter) }
    }

    /// As ``lockReading(on:until:)``, for the right to write.
    nonisolated(nonsending) func lockWriting(
        on loop: EventLoop, until deadline: MonotonicTime = .distantFuture
    ) async -> Waiter.Outcome {
        await suspend(on: loop, until: deadline) { state, waiter in state.writing.lock(waiter) }
    }

    /// - Parameter place: puts the waiter where something resumes it.
    @inline(__always)
    private nonisolated(nonsending) func suspend(
        on loop: EventLoop, until deadline: MonotonicTime, _ place: (inout State, Waiter) -> Void
    ) async -> Waiter.Outcome {
        // A client's own task is never cancelled: no other task has a handle of it. The frames of a cancellation handler
        // would cost each idle client 1 kB.
        guard CurrentTask.id == state.ownTask else {
            return await suspendCancellably(on: loop, until: deadline, place)
        }
        let ticket = state.nextTicket()
        return await withUnsafeContinuation { continuation in
            place(&state, Waiter(continuation, ticket: ticket, until: deadline))
            loop.setTimer(for: self)
        }
    }

    @inline(never)
    private nonisolated(nonsending) func suspendCancellably(
        on loop: EventLoop, until deadline: MonotonicTime, _ place: (inout State, Waiter) -> Void
    ) async -> Waiter.Outcome {
        let ticket = state.nextTicket()
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                place(&state, Waiter(continuation, ticket: ticket, until: deadline))
                loop.setTimer(for: self)
            }
        } onCancel: {
            loop.perform { [self] in state.cancel(ticket) }
        }
    }
}

/// A task that is suspended until something happens, its deadline passes, or it is cancelled.
struct Waiter {
    /// What ended the wait.
    enum Outcome {
        case ready
        case timedOut
        case cancelled
    }

    private var continuation: UnsafeContinuation<Outcome, Never>?
    private var deadline = Int64.max
    private(set) var ticket: UInt64 = 0

    init() {}

    init(_ continuation: UnsafeContinuation<Outcome, Never>, ticket: UInt64, until deadline: MonotonicTime) {
        self.continuation = continuation
        self.ticket = ticket
        self.deadline = deadline.nanoseconds
    }

    var isWaiting: Bool { continuation != nil }

    var due: Int64 { continuation == nil ? .max : deadline }

    /// Makes the deadline `moment` if that is earlier.
    mutating func hurry(_ moment: Int64) { deadline = min(deadline, moment) }

    mutating func resume(_ outcome: Outcome) { continuation.take()?.resume(returning: outcome) }
}

/// Mutual exclusion of the tasks of one loop: 1 task holds the mutex, the others are suspended and get it in order.
struct AsyncMutex {
    private var isLocked = false
    private var waiting: [Waiter] = []

    /// When the first of the waits times out.
    var due: Int64 { waiting.isEmpty ? .max : waiting.map(\.due).min() ?? .max }

    /// Takes the mutex if it is free.
    mutating func tryLock() -> Bool {
        defer { isLocked = true }
        return !isLocked
    }

    /// Takes the mutex for the waiter, or lets it wait.
    mutating func lock(_ waiter: Waiter) {
        waiting.append(waiter)
        if tryLock() { unlock() }
    }

    /// Hands the mutex over to the next waiter, without unlocking it in between.
    mutating func unlock() {
        if waiting.isEmpty {
            isLocked = false
        } else {
            var next = waiting.removeFirst()
            next.resume(.ready)
        }
    }

    /// Ends the waits that fit; they do not get the mutex.
    mutating func resume(_ outcome: Waiter.Outcome, where fits: (Waiter) -> Bool) {
        if waiting.isEmpty { return }
        for index in waiting.indices.reversed() where fits(waiting[index]) {
            var waiter = waiting.remove(at: index)
            waiter.resume(outcome)
        }
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
