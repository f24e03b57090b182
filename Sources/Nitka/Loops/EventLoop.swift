// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A thread that runs tasks, and between them asks the kernel once for all who wait: the task executor of its clients
/// (SE-0417).
///
/// A task that was given this executor stays on its thread across every `await` that does not name another place. A
/// continuation that the loop resumes is therefore an append to a queue of its own thread: no lock. A task that blocks
/// the thread stops every other task of the loop.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    // Unchecked: this part is touched by the loop's thread alone, once it runs. Nor is exclusivity checked where every
    // message comes by: no access to these calls anything that could come back to them.
    private let poll: EventPoll
    @exclusivity(unchecked) private var slots = LoopSlots()
    @exclusivity(unchecked) private var alarms = Alarms()
    @exclusivity(unchecked) private var ringing: [Alarms.Alarm] = []
    private let timer: LoopTimer
    /// What the timer is set for; `.max` when it is not.
    @exclusivity(unchecked) private var timerMoment = Int64.max
    @exclusivity(unchecked) private var jobs = JobQueue()
    /// Who was not done when its turn ended, and goes on after everybody else had one.
    @exclusivity(unchecked) private var unfinished: [UInt64] = []
    @exclusivity(unchecked) private var spareBlock: ByteBlock?
    @exclusivity(unchecked) private var spin = SpinPolicy()
    private(set) var thread = ThreadName(name: "", id: 0)
    /// When the kernel last reported, in nanoseconds of the monotonic clock: near enough for deadlines, and free.
    @exclusivity(unchecked) package private(set) var now = MonotonicTime.now.nanoseconds
    /// How long it has looked in vain for something to do, in nanoseconds: time of the processor that was not work.
    @exclusivity(unchecked) package private(set) var spunAway: Int64 = 0

    // This part is everybody's.
    private let mailbox: LoopMailbox

    /// How many jobs run before the kernel is asked again: no chain of jobs keeps the loop from its clients.
    private static let jobsATurn = 512
    /// How many descriptors a loop opens: epoll, the timer, the wake-up.
    static let descriptors = 3
    static let blockBytes = 64 * 1024

    init() throws(Errno) {
        poll = try EventPoll()
        mailbox = try LoopMailbox()
        timer = try LoopTimer()
        try poll.add(timer.descriptor.number, token: slots.insert(.signal {}))
        try poll.add(mailbox.wakeNumber, token: slots.insert(.signal {}))
    }

    /// Is this its thread?
    @inline(__always)
    var isCurrent: Bool { CurrentThread.belongs(to: self) }

    /// The loop whose thread this is; nil on every other thread.
    static var current: EventLoop? { CurrentThread.owner as? EventLoop }

    /// Takes a job of the runtime's, from any thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent { return jobs.append(job) }
        // After the loop has ended a job runs where it is: what it wanted here is closed by now, and it will be told so.
        if !mailbox.post(job) { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Runs until it is stopped and has nothing left to run.
    func run() {
        CurrentThread.belong(to: self)
        thread = .current
        while true {
            runJobs()
            let isStopping = takeArrivals()
            if isStopping, jobs.isEmpty, mailbox.close() { return }
            let count = waitForReports()
            mailbox.unpark()
            now = MonotonicTime.now.nanoseconds
            report(count)
            soundAlarms()
            goOnWithUnfinished()
        }
    }

    /// Lets ``run()`` return when there is nothing left to run.
    func stop() { mailbox.postStop() }
}

// MARK: - Jobs

extension EventLoop {
    private func runJobs() {
        let executor = asUnownedTaskExecutor()
        for _ in 0..<Self.jobsATurn {
            guard let job = jobs.popFirst() else { return }
            job.runSynchronously(on: executor)
        }
    }

    /// Has `body` called on the loop's thread, soon; returns false, and does nothing, when the loop has ended.
    @discardableResult
    package func perform(_ body: @escaping @Sendable () -> Void) -> Bool { mailbox.post(body) }

    /// Returns whether the loop is to stop.
    private func takeArrivals() -> Bool {
        guard let delivery = mailbox.take() else { return false }
        for job in delivery.jobs { jobs.append(job) }
        for errand in delivery.errands { errand() }
        return delivery.isStopping
    }

    private func waitForReports() -> Int {
        setTimer()
        guard mayPark() else { return poll.wait(blocks: false) }
        if spin.spins() {
            let count = spinForReports()
            if count > 0 { return count }
        }
        let count = poll.wait(blocks: true)
        spin.reported(count)
        return count
    }

    func noteStream() { spin.streamed() }

    private func spinForReports() -> Int {
        let switches = CurrentThread.involuntarySwitches
        let start = MonotonicTime.now
        var (count, last) = (0, start)
        repeat {
            count = poll.wait(blocks: false)
            last = .now
        } while count == 0 && last < start + SpinPolicy.longest
        spunAway &+= (last - start).clampedNanoseconds
        if CurrentThread.involuntarySwitches != switches {
            spin.wasInTheWay()
        } else if count > 0 {
            spin.reported(count)
            spin.found()
        } else {
            spin.foundNothing()
        }
        return count
    }

    /// Is there nothing to do? Then others are told that this loop sleeps.
    private func mayPark() -> Bool {
        jobs.isEmpty && unfinished.isEmpty && mailbox.park()
    }

    /// The timer goes off for the earliest alarm.
    private func setTimer() {
        if timerMoment <= now { timerMoment = .max }
        guard let earliest = alarms.earliest, earliest < timerMoment else { return }
        timer.set(earliest)
        timerMoment = earliest
    }
}

// MARK: - Who waits

extension EventLoop {
    /// Watches a connection's descriptor. On the loop's thread.
    func add(_ watch: Watch, for number: Int32) throws(Errno) {
        watch.token = slots.insert(.watch(watch))
        do throws(Errno) {
            try poll.add(number, token: watch.token)
        } catch {
            slots.remove(watch.token)
            throw error
        }
    }

    /// Keeps a watch that stands for no descriptor: for deadlines, and for who resumes it by hand.
    func add(_ watch: Watch) { watch.token = slots.insert(.watch(watch)) }

    /// Calls `body` on the loop's thread whenever the descriptor becomes readable.
    func add(signal number: Int32, _ body: @escaping () -> Void) throws(Errno) -> UInt64 {
        let token = slots.insert(.signal(body))
        do throws(Errno) {
            try poll.add(number, token: token)
        } catch {
            slots.remove(token)
            throw error
        }
        return token
    }

    /// Forgets what the token stands for; the caller closes the descriptor, before its number can be watched again.
    func remove(_ token: UInt64) { slots.remove(token) }

    /// From now on room to send is reported, too; at once if there is any.
    func reportRoom(_ watch: Watch, for number: Int32) throws(Errno) {
        if watch.reportsRoom { return }
        try poll.change(number, token: watch.token, writable: true)
        watch.reportsRoom = true
    }

    /// Makes sure that somebody looks when this watch is due.
    func setAlarm(_ watch: Watch) {
        let due = watch.due
        guard due < watch.alarm else { return }
        if watch.alarm < .max { watch.laterAlarm = watch.alarm }
        watch.alarm = due
        alarms.set(due, for: watch.token)
    }

    /// Takes up an alarm that is still to sound, and early enough: a writer's looks, many within one idle time, would
    /// each leave another one behind.
    private func fallBackOnLaterAlarm(of watch: Watch) {
        guard watch.laterAlarm > now, watch.laterAlarm <= watch.due else { return }
        watch.alarm = watch.laterAlarm
        watch.laterAlarm = .max
    }

    /// Every reader that a drain concerns has come to its end when its input stays quiet for so long.
    func endReaders(afterQuiet quietTime: Duration) {
        let moment = now + quietTime.clampedNanoseconds
        for watch in slots.watches where watch.endsWhenQuiet && watch.reader.isWaiting {
            watch.reader.hurry(moment)
            setAlarm(watch)
        }
    }

    private func report(_ count: Int) {
        for index in 0..<count {
            report(poll.event(index))
        }
    }

    private func report(_ event: (token: UInt64, readiness: LoopReadiness)) {
        switch slots[event.token] {
        case .free: break
        case .signal(let body): body()
        case .watch(let watch):
            if event.readiness.isHungUp { watch.isHungUp = true }
            if event.readiness.isReadable { watch.hasInput = true }
            if event.readiness.isReadable || (event.readiness.isWritable && watch.partner != nil) {
                let isInHand = watch.partner == nil ? watch.passer?.passOnInLoop() : watch.passer?.converseInLoop()
                if isInHand != true { watch.reader.resume(.ready) }
            }
            if event.readiness.isWritable { watch.writer.resume(.ready) }
        }
    }

    /// Who works at a connection in the loop; nil for nobody any more.
    func setPartner(_ partner: (any LoopPartner)?, of watch: Watch) {
        watch.partner = partner
    }

    /// Has a connection's work in the loop go on after everybody else had a turn.
    func callAgain(_ watch: Watch) { unfinished.append(watch.token) }

    private func goOnWithUnfinished() {
        if unfinished.isEmpty { return }
        let tokens = unfinished
        unfinished.removeAll(keepingCapacity: true)
        for token in tokens {
            guard case .watch(let watch) = slots[token], watch.partner != nil else { continue }
            if watch.passer?.converseInLoop() != true { watch.reader.resume(.ready) }
        }
    }

    private func soundAlarms() {
        guard let earliest = alarms.earliest, earliest <= now else { return }
        // All are taken out first. An alarm that is set meanwhile for a moment that is over has its turn when the kernel
        // was asked again: else the loop would never come back from here.
        while let alarm = alarms.next(at: now) { ringing.append(alarm) }
        defer { ringing.removeAll(keepingCapacity: true) }
        for alarm in ringing {
            // An older alarm of a watch that has an earlier one by now is stale.
            guard case .watch(let watch) = slots[alarm.token], watch.alarm == alarm.moment else { continue }
            watch.alarm = .max
            if watch.reader.due <= now, watch.partner == nil || watch.passer?.converseInLoop() != true {
                watch.reader.resume(.timedOut)
            }
            if watch.writer.due <= now { watch.writer.resume(.timedOut) }
            fallBackOnLaterAlarm(of: watch)
            setAlarm(watch)
        }
    }
}

// MARK: - Memory

extension EventLoop {
    /// Room that a task may use until its next `await`, and then gives back: a client that waits holds none.
    func takeBlock() -> ByteBlock { spareBlock.take() ?? ByteBlock(count: Self.blockBytes) }

    func giveBack(_ block: consuming ByteBlock) { spareBlock = consume block }
}
