// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// A client that a loop drives. Only the loop's thread calls it.
protocol BenchClient: AnyObject {
    /// Does everything that the client can do without blocking.
    ///
    /// - Parameter readiness: what epoll reported about the client's socket; nil for a deadline, a nudge, or a turn that
    ///   the client asked for.
    func act(on readiness: LoopReadiness?) -> NextTurn

    /// True if the client had an echo by that moment and was not disconnected since.
    func isServed(by moment: Int64) -> Bool
}

/// When a client needs its next turn, apart from the events of its socket.
enum NextTurn {
    /// At this moment of the monotonic clock, in nanoseconds.
    case at(Int64)
    /// In the next turn of the loop: the client used up its share of this one.
    case again

    static let never = NextTurn.at(.max)
}

/// The event loop of one worker: one thread, one epoll instance, one timer. It has no task and no async code.
final class WorkerLoop: @unchecked Sendable {
    // Unchecked: only the loop's thread touches the state, except what any thread may use: `posted`, `wake`, `isStopped`.
    private let poll: EventPoll
    private let timer: LoopTimer
    private let wake: WakeEvent
    private let posted = Lock<[@Sendable () -> Void]>([])
    private let isStopped = Atomic<Bool>(false)

    /// All clients, in the order in which they were added; empty after the loop has ended.
    private(set) var clients: [any BenchClient] = []
    /// The clock as it was last read.
    private(set) var now = MonotonicTime.now.nanoseconds

    private var deadlines = DeadlineHeap()
    /// The moment for which the timer is set; `.max` for none.
    private var timerMoment = Int64.max
    /// Clients with a turn after all events of this one.
    private var unfinished: [Int] = []
    private var turns: [Int] = []
    private var spinBudget = SpinBudget()
    private var spunTime: Int64 = 0
    private var wasWoken = false

    /// The tokens of the loop's own descriptors. A client's token is its index.
    private static let wakeToken = UInt64.max
    private static let timerToken = UInt64.max - 1
    /// Limit of deadlines in one turn, so that many clients with the same deadline do not delay the events of others.
    private static let deadlinesPerTurn = 256

    init() throws(Errno) {
        poll = try EventPoll()
        timer = try LoopTimer()
        wake = try WakeEvent()
        try poll.add(wake.descriptor.number, token: Self.wakeToken)
        try poll.add(timer.descriptor.number, token: Self.timerToken)
    }

    /// Drives the clients until ``stop()``; on the loop's thread.
    func run() {
        while !isStopped.load(ordering: .relaxed) {
            let count = waitForEvents()
            readClock()
            for index in 0..<count { deliver(poll.event(index)) }
            // Only now: a closure may close the socket of an event that was still to be delivered.
            if wasWoken { runPosted() }
            actOnDeadlines()
            actOnUnfinished()
        }
        // Each client refers to its worker, which refers to this loop.
        clients = []
    }

    /// Runs a closure on the loop's thread, soon. Any thread may call it. After the loop has ended, nothing runs it.
    func post(_ body: @escaping @Sendable () -> Void) {
        let isFirst = posted.withLock { posted in
            posted.append(body)
            return posted.count == 1
        }
        if isFirst { wake.raise() }
    }

    /// Lets ``run()`` return. Any thread may call it.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        wake.raise()
    }

    // MARK: On the loop's thread

    /// Adds a client, which has its first turn at a moment.
    func add(_ client: any BenchClient, firstTurnAt moment: Int64) {
        deadlines.set(moment, for: clients.count)
        clients.append(client)
    }

    /// Gives every client a turn soon, because something changed for all.
    func nudgeAll() { unfinished = Array(clients.indices) }

    /// Has epoll report a client's socket.
    func register(_ socket: Int32, of client: Int, writable: Bool) throws(Errno) {
        try poll.add(socket, token: UInt64(client), writable: writable)
    }

    /// Has epoll also report that a client's socket has buffer space; at once if it has some now.
    func reportSpace(_ socket: Int32, of client: Int) throws(Errno) {
        try poll.change(socket, token: UInt64(client), writable: true)
    }

    @discardableResult
    @inline(__always)
    func readClock() -> Int64 {
        now = MonotonicTime.now.nanoseconds
        return now
    }

    /// Processor time of the loop's thread in nanoseconds, without the time that it polled in vain.
    var busyTime: Int64 { CurrentThread.processorTime &- spunTime }
}

// MARK: - One turn

extension WorkerLoop {
    private func waitForEvents() -> Int {
        if !unfinished.isEmpty || deadlines.earliest <= now { return poll.wait(blocks: false) }
        setTimer()
        if spinBudget.allowsSpin() {
            let count = spin()
            if count > 0 { return count }
        }
        let count = poll.wait(blocks: true)
        spinBudget.reported(count)
        return count
    }

    private func setTimer() {
        if timerMoment <= now { timerMoment = .max }
        guard deadlines.earliest < timerMoment else { return }
        timerMoment = deadlines.earliest
        timer.set(timerMoment)
    }

    /// Polls without sleeping, for as long as the budget allows.
    private func spin() -> Int {
        let switches = CurrentThread.involuntarySwitches
        let start = readClock()
        var count = 0
        repeat { count = poll.wait(blocks: false) } while count == 0 && readClock() < start &+ SpinBudget.longest
        spunTime &+= now &- start
        spinBudget.spun(count, wasPreempted: CurrentThread.involuntarySwitches != switches)
        return count
    }

    // No generation in a token: only a client's own turn closes its socket, and one wait reports a socket once.
    private func deliver(_ event: (token: UInt64, readiness: LoopReadiness)) {
        switch event.token {
        case Self.wakeToken: wasWoken = true
        case Self.timerToken: break
        default: act(Int(event.token), event.readiness)
        }
    }

    private func runPosted() {
        wasWoken = false
        let bodies = posted.withLock { posted in
            defer { posted = [] }
            return posted
        }
        for body in bodies { body() }
    }

    private func actOnDeadlines() {
        // All are removed first: a client that sets a deadline in the past has its turn after the next wait.
        while turns.count < Self.deadlinesPerTurn, let client = deadlines.popDue(at: now) { turns.append(client) }
        actOnTurns()
    }

    private func actOnUnfinished() {
        swap(&turns, &unfinished)
        actOnTurns()
    }

    private func actOnTurns() {
        for client in turns { act(client, nil) }
        turns.removeAll(keepingCapacity: true)
    }

    private func act(_ client: Int, _ readiness: LoopReadiness?) {
        switch clients[client].act(on: readiness) {
        case .at(let moment): deadlines.set(moment, for: client)
        case .again: unfinished.append(client)
        }
    }
}
