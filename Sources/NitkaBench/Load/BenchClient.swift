// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// One client of a bench, at work in its loop: sends what is due, compares what comes back, and records how long it
/// took. No task is woken for a message.
final class BenchClient: LoopPartner {
    /// 0 for the first.
    let number: Int
    let worker: BenchWorker
    /// Does it send, between its first echo and its last?
    let talks: Bool
    /// What ended its last connection; nil when all was well.
    @exclusivity(unchecked) private(set) var problem: BenchProblem?
    /// Has it had its first echo on this connection?
    private(set) var wasGreeted = false
    private var greetedAt = Int64.max

    private var wasEverGreeted = false
    private var hasFailed = false
    @exclusivity(unchecked) private unowned(unsafe) var connection: AsyncConnection?
    @exclusivity(unchecked) private var onTheirWay = MessageQueue()
    @exclusivity(unchecked) private var schedule: Schedule?
    /// Whose bytes these are: every connection has another stream.
    private var identity: Int
    @exclusivity(unchecked) private var wantedTo: UInt64 = 0
    @exclusivity(unchecked) private var sentTo: UInt64 = 0
    @exclusivity(unchecked) private var cameTo: UInt64 = 0
    @exclusivity(unchecked) private var completed: UInt64 = 0
    /// When a message could be sent at the earliest: in an open loop with one on its way, when that one was back.
    @exclusivity(unchecked) private var freeSince: Int64 = 0
    private var saidGoodbye = false

    /// So much is received, and so much sent, before others have their turn.
    private static let piecesATurn = 8

    init(number: Int, worker: BenchWorker, talks: Bool) {
        self.number = number
        self.worker = worker
        self.talks = talks
        identity = number
    }

    /// Begins a new connection.
    func meet(_ connection: AsyncConnection) {
        self.connection = connection
        (wantedTo, sentTo, cameTo, completed) = (0, 0, 0, 0)
        onTheirWay = MessageQueue()
        // The first echo of a connection is due in no count's time: it only says that somebody is there.
        begin(at: worker.readClock(), due: .min)
    }

    /// The connection has gone; the next one is another client's, as far as its bytes say.
    func part() {
        connection = nil
        identity += worker.plan.clients
    }

    func nudge() { connection?.nudge() }

    func cancel() { connection?.shutDown() }

    /// A new connection is tried: what ended the last one is over.
    func forget() {
        hasFailed = hasFailed || problem != nil
        (problem, wasGreeted) = (nil, false)
    }

    /// Has it been served since that moment or before, and was not cut off?
    func isServed(since moment: Int64) -> Bool { wasGreeted && greetedAt <= moment && problem == nil }

    /// Connecting failed, or the connection did.
    func fail(_ error: NitkaError) { problem = problem ?? .error(errorKind(error)) }

    func act(on connection: AsyncConnection) throws(NitkaError) -> LoopWait {
        if worker.isCancelled { return .finished }
        let completedBefore = completed
        var isUnfinished = try receive(connection)
        if problem != nil { return .finished }
        // A message that has just come back has read the clock.
        let now = completed == completedBefore ? worker.readClock() : worker.now
        beginWhatIsDue(at: now)
        if try send(connection) { isUnfinished = true }
        if let oldest = onTheirWay.oldest, now &- oldest.sent >= worker.patience {
            problem = .error("timed out")
            return .finished
        }
        if isOver(at: now) { return .finished }
        return isUnfinished ? .again : .until(nextMoment)
    }
}

// MARK: - Receiving

extension BenchClient {
    /// Returns whether there is more than a turn has time for.
    private func receive(_ connection: AsyncConnection) throws(NitkaError) -> Bool {
        for _ in 0..<Self.piecesATurn {
            switch try connection.receiveNow({ compare($0) }) {
            case .nothing: return false
            case .endOfStream:
                problem = .error("closed by the server")
                return false
            case .bytes: if problem != nil { return false }
            }
        }
        return true
    }

    private func compare(_ bytes: RawSpan) {
        if worker.payload.firstDifference(in: bytes, client: identity, offset: cameTo) != nil {
            problem = .mismatch(worker.diagnosis(of: bytes, client: identity, offset: cameTo))
            return
        }
        cameTo &+= UInt64(bytes.byteCount)
        if cameTo > sentTo {
            problem = .mismatch("client \(number + 1), offset \(sentTo): bytes that were not sent yet")
            return
        }
        let size = UInt64(worker.plan.size)
        if cameTo < (completed &+ 1) &* size { return }
        let now = worker.readClock()
        while cameTo >= (completed &+ 1) &* size {
            completed &+= 1
            // Only who had no place left has waited for this one to be back.
            if onTheirWay.count == worker.depth { freeSince = now }
            guard let message = onTheirWay.removeOldest() else { break }
            worker.recorder.echo(message, at: now, bytes: worker.plan.size)
            if !wasGreeted {
                (wasGreeted, greetedAt) = (true, now)
                if !wasEverGreeted { worker.greeted(isSettled: !hasFailed) }
                wasEverGreeted = true
            }
        }
    }
}

// MARK: - Sending

extension BenchClient {
    private func begin(at now: Int64, due: Int64) {
        onTheirWay.append(MessageQueue.Message(due: due, sent: now))
        wantedTo &+= UInt64(worker.plan.size)
    }

    private func beginWhatIsDue(at now: Int64) {
        guard wasGreeted, let timing = worker.timing else { return }
        if !talks {
            // The last echo: whoever was silent is still there.
            if now >= timing.end, !saidGoodbye {
                saidGoodbye = true
                begin(at: now, due: now)
            }
            return
        }
        guard let rate = worker.plan.rate else {
            while now < timing.end, onTheirWay.count < worker.depth, wantedTo == sentTo || worker.depth < .max {
                begin(at: now, due: now)
            }
            return
        }
        if schedule == nil { schedule = newSchedule(timing, rate) }
        // What the server kept from being sent until its patience is over will not be sent.
        guard now < timing.end &+ worker.patience else { return }
        while let due = schedule?.next, due <= now, due < timing.end, onTheirWay.count < worker.depth {
            worker.recorder.began(due: due, at: now, lag: now &- max(due, freeSince))
            begin(at: now, due: due)
            schedule?.advance()
        }
    }

    /// Returns whether there is more than a turn has time for.
    private func send(_ connection: AsyncConnection) throws(NitkaError) -> Bool {
        var pieces = 0
        while sentTo < wantedTo {
            if pieces == Self.piecesATurn { return true }
            pieces += 1
            let count = Int(min(wantedTo &- sentTo, UInt64(BenchWorker.roomBytes)))
            let gone = try worker.send(count, of: identity, from: sentTo, on: connection)
            sentTo &+= UInt64(gone)
            if gone < count { return false }
            // A stream has no end of messages: the next one begins as soon as there is room.
            if sentTo == wantedTo, worker.depth == .max { beginWhatIsDue(at: worker.now) }
        }
        return false
    }

    private func isOver(at now: Int64) -> Bool {
        guard let timing = worker.timing, now >= timing.end, onTheirWay.count == 0 else { return false }
        return talks || saidGoodbye
    }

    private func newSchedule(_ timing: BenchTiming, _ rate: Double) -> Schedule {
        Schedule(start: timing.start, client: number, of: worker.talkers, rate: rate)
    }

    /// Counts what was due, now that nothing more will be sent: after the last message, or without a connection.
    func giveUp() {
        guard talks, let timing = worker.timing, let rate = worker.plan.rate else { return }
        worker.giveUp(schedule ?? newSchedule(timing, rate))
    }

    private var nextMoment: Int64 {
        let answered = onTheirWay.oldest.map { $0.sent &+ worker.patience } ?? .max
        guard wasGreeted, let timing = worker.timing else { return answered }
        guard worker.now < timing.end else { return answered }
        guard talks, onTheirWay.count < worker.depth, let due = schedule?.next else { return min(answered, timing.end) }
        return min(answered, min(due, timing.end))
    }
}

/// A failure as it is counted: without the address, so that those of many clients add up.
func errorKind(_ error: NitkaError) -> String {
    error.operation == "connect to" ? "connect: \(error.reason)" : error.reason.description
}

/// What ended a connection that should have gone on.
enum BenchProblem: Hashable {
    case error(String)
    case mismatch(String)
}
