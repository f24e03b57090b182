// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A thread that runs the tasks of its clients, and polls epoll(7) for all tasks that wait.
///
/// It is the task executor of its clients (SE-0417): a task leaves the thread only while it awaits another executor. To
/// resume a task, the loop appends it to a queue of its own thread, without a lock. A task that blocks the thread stops
/// every other task of the loop.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    // Unchecked: only the loop's thread uses the state once it runs. `Registration` says why exclusivity is unchecked.
    @exclusivity(unchecked) private var state = State()
    private let poll: EventPoll
    private let timer: LoopTimer
    private let remote: RemoteQueue

    private struct State: ~Copyable {
        var table = RegistrationTable()
        var timers = TimerHeap()
        /// How many clients have ended that had a timer, since the dead timers were removed last.
        var deadTimers = 0
        /// The moment that the kernel's timer is set for; `.max` for none.
        var timerMoment = Int64.max
        var jobs: [UnownedJob] = []
        /// The jobs of the current round; empty between rounds.
        var running: [UnownedJob] = []
        /// The tasks that let others run first.
        var yielding: [UnsafeContinuation<Void, Never>] = []
        var spareBlock: ByteBlock?
        var busyPoll = BusyPollPolicy()
        var now = MonotonicTime.now
        var thread = ThreadName(name: "", id: 0)
    }

    /// After this many rounds of jobs the loop polls, although jobs resume each other without end.
    private static let roundsBetweenPolls = 16
    /// How many descriptors a loop opens: epoll, the timer, the wake-up.
    static let descriptors = 3
    static let blockBytes = 64 * 1024

    init() throws(Errno) {
        poll = try EventPoll()
        remote = try RemoteQueue()
        timer = try LoopTimer()
        _ = try add(signal: timer.descriptor.number) {}
        _ = try add(signal: remote.wakeDescriptor) {}
    }

    /// Whether the calling thread is the loop's.
    @inline(__always)
    var isCurrent: Bool { CurrentThread.belongs(to: self) }

    /// The loop whose thread this is; nil on every other thread.
    static var current: EventLoop? { CurrentThread.owner as? EventLoop }

    var thread: ThreadName { state.thread }

    /// The time of the last poll: exact enough for deadlines, and it costs no call.
    var now: MonotonicTime { state.now }

    /// Takes a job from the Swift runtime, on any thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent { return state.jobs.append(job) }
        // After the loop has ended, a job runs on the thread that enqueues it; calls on its connections then throw.
        if !remote.post(job) { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Calls `body` on the loop's thread, soon; returns false, and does nothing, when the loop has ended.
    @discardableResult
    func perform(_ body: @escaping @Sendable () -> Void) -> Bool { remote.post(body) }

    /// Lets ``runLoop()`` return when nothing is left to run.
    func stop() { remote.postStop() }

    /// Runs until the loop is stopped and has nothing left to run.
    func runLoop() {
        CurrentThread.belong(to: self)
        state.thread = .current
        while true {
            runJobs()
            let isStopping = takePosted()
            if isStopping, isIdle, remote.close() { return }
            let count = waitForReports()
            remote.unpark()
            state.now = .now
            for index in 0..<count { report(poll.event(index)) }
            fireTimers()
            while let task = state.yielding.popLast() { task.resume() }
        }
    }

    private var isIdle: Bool { state.jobs.isEmpty && state.yielding.isEmpty }
}

extension EventLoop {
    private func runJobs() {
        let executor = asUnownedTaskExecutor()
        for _ in 0..<Self.roundsBetweenPolls where !state.jobs.isEmpty {
            swap(&state.jobs, &state.running)
            for job in state.running { job.runSynchronously(on: executor) }
            state.running.removeAll(keepingCapacity: true)
        }
    }

    /// Returns whether the loop has to stop.
    private func takePosted() -> Bool {
        guard let posted = remote.take() else { return false }
        for job in posted.jobs { state.jobs.append(job) }
        for closure in posted.closures { closure() }
        return posted.isStopping
    }

    private func waitForReports() -> Int {
        setKernelTimer()
        guard isIdle, remote.park() else { return poll.wait(blocks: false) }
        if state.busyPoll.polls() {
            let count = busyPoll()
            if count > 0 { return count }
        }
        let count = poll.wait(blocks: true)
        state.busyPoll.reported(count)
        return count
    }

    private func busyPoll() -> Int {
        let switches = CurrentThread.involuntarySwitches
        let end = MonotonicTime.now + BusyPollPolicy.longest
        var count = 0
        repeat { count = poll.wait(blocks: false) } while count == 0 && .now < end
        state.busyPoll.polled(found: count, wasPreempted: CurrentThread.involuntarySwitches != switches)
        return count
    }

    private func setKernelTimer() {
        if state.timerMoment <= state.now.nanoseconds { state.timerMoment = .max }
        guard let earliest = state.timers.earliest, earliest < state.timerMoment else { return }
        timer.set(earliest)
        state.timerMoment = earliest
    }

    private func report(_ event: (token: UInt64, readiness: LoopReadiness)) {
        switch state.table[event.token] {
        case .free: break
        case .signal(let body): body()
        case .connection(let registration):
            if event.readiness.mayHaveMore { registration.state.mayHaveMore = true }
            if event.readiness.isReadable {
                registration.state.hasInput = true
                registration.state.reader.resume(.ready)
            }
            if event.readiness.isWritable {
                registration.state.hasSpace = true
                registration.state.writer.resume(.ready)
            }
        }
    }

    private func fireTimers() {
        let now = state.now.nanoseconds
        guard let earliest = state.timers.earliest, earliest <= now else { return }
        // Remove all of them first. A timer that is set meanwhile for a moment in the past fires after the next poll:
        // otherwise the loop would never leave this function.
        var fired: [TimerHeap.Timer] = []
        while let timer = state.timers.next(at: now) { fired.append(timer) }
        for timer in fired {
            if case .signal(let body) = state.table[timer.token] { body() }
            // Skip a timer that an earlier one has replaced.
            guard case .connection(let registration) = state.table[timer.token],
                registration.state.timer == timer.moment
            else { continue }
            registration.state.timer = .max
            registration.state.timeOut(at: now)
            useLaterTimer(of: registration)
            setTimer(for: registration)
        }
    }

    /// Reuses a later timer if it is early enough. Otherwise each of a writer's many checks would leave one in the
    /// heap.
    private func useLaterTimer(of registration: Registration) {
        let later = registration.state.laterTimer
        guard later > now.nanoseconds, later <= registration.state.due else { return }
        registration.state.timer = later
        registration.state.laterTimer = .max
    }
}

extension EventLoop {
    func add(_ registration: Registration, for descriptor: Int32) throws(Errno) {
        registration.state.token = state.table.insert(.connection(registration))
        do throws(Errno) {
            try poll.add(descriptor, token: registration.state.token)
        } catch {
            state.table.remove(registration.state.token)
            throw error
        }
    }

    /// Calls `body` on the loop's thread whenever the descriptor becomes readable.
    func add(signal descriptor: Int32, _ body: @escaping () -> Void) throws(Errno) -> UInt64 {
        let token = state.table.insert(.signal(body))
        do throws(Errno) {
            try poll.add(descriptor, token: token)
        } catch {
            state.table.remove(token)
            throw error
        }
        return token
    }

    func remove(signal token: UInt64) { state.table.remove(token) }

    /// Sets a timer that calls the body of a signal.
    func call(signal token: UInt64, at moment: MonotonicTime) { state.timers.set(moment.nanoseconds, for: token) }

    /// Forgets the registration. The caller closes the descriptor afterwards, which removes it from epoll(7).
    func remove(_ registration: Registration) {
        state.table.remove(registration.state.token)
        if registration.state.timer < .max { removeDeadTimers() }
    }

    /// The timer of a client that has ended stays in the heap until it fires, which can take hours. Remove these timers
    /// once they are the larger part.
    private func removeDeadTimers() {
        state.deadTimers += 1
        guard state.deadTimers > 64, state.deadTimers > state.timers.count / 2 else { return }
        state.deadTimers = 0
        state.timers.removeAll { timer in if case .free = state.table[timer.token] { true } else { false } }
    }

    /// Makes the kernel report buffer space too: at once, if there is any.
    func reportSpace(_ registration: Registration, for descriptor: Int32) throws(Errno) {
        if registration.state.reportsSpace { return }
        try poll.change(descriptor, token: registration.state.token, writable: true)
        registration.state.reportsSpace = true
    }

    /// Makes sure that a timer fires when the registration's first wait times out.
    func setTimer(for registration: Registration) {
        let due = registration.state.due
        guard due < registration.state.timer else { return }
        if registration.state.timer < .max { registration.state.laterTimer = registration.state.timer }
        registration.state.timer = due
        state.timers.set(due, for: registration.state.token)
    }

    /// For a drain: ends the wait of each reader of a server after this time without input.
    func endReaders(afterQuiet quietTime: Duration) {
        let moment = (now + quietTime).nanoseconds
        for registration in state.table.registrations
        where registration.state.hearsOfDrain && registration.state.reader.isWaiting {
            registration.state.reader.hurry(moment)
            setTimer(for: registration)
        }
    }
}

extension EventLoop {
    /// Suspends a task of this loop until the loop has polled, and every other task that is ready has run.
    @inline(never)
    nonisolated(nonsending) func letOthersRun() async {
        // A continuation that is resumed here, before it is awaited, would not suspend the task at all.
        await withUnsafeContinuation { state.yielding.append($0) }
    }

    /// The sender of bulk does not wait for replies, so busy polling gains nothing.
    func noteBulk() { state.busyPoll.movedBulk() }

    /// Memory that a task may use until its next `await`, and then gives back: a client that waits holds no buffer.
    func takeBlock() -> ByteBlock { state.spareBlock.take() ?? ByteBlock(count: Self.blockBytes) }

    func giveBack(_ block: consuming ByteBlock) { state.spareBlock = consume block }
}
