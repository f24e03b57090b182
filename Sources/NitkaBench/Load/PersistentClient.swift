// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A client that keeps one connection for the whole run: sends what is due, and records how long each echo takes. It
/// connects again after a failure.
final class PersistentClient: BenchClient {
    private enum State {
        case waiting(until: Int64)
        case connecting(until: Int64)
        case talking
        case done
    }

    private let worker: BenchWorker
    /// 0 for the first client of the bench.
    private let number: Int
    /// The client's index in its loop.
    private let index: Int
    /// False for a client that sends nothing between its first echo and its last.
    private let talks: Bool

    private var state: State
    private var connection: BenchConnection?
    private var stream: Int
    private var pause = ReconnectPause()

    /// When this connection had its first echo; nil before.
    private var greetedAt: Int64?
    private var wasEverGreeted = false
    private var hasFailed = false
    private var saidGoodbye = false

    private var schedule: Schedule?
    private var inFlight = MessageQueue()
    /// Offset in the stream up to which messages have begun.
    private var wanted: UInt64 = 0
    /// Messages that came back on this connection.
    private var completed: UInt64 = 0
    /// When the last message came back that kept the next one from being sent.
    private var freeSince: Int64 = 0

    /// Limit of receives, and of sends, in one turn, so that other clients get their turn.
    private static let piecesPerTurn = 8

    init(_ worker: BenchWorker, number: Int, index: Int, talks: Bool, connectingAt moment: Int64) {
        (self.worker, self.number, self.index, self.talks) = (worker, number, index, talks)
        state = .waiting(until: moment)
        stream = number
    }

    func isServed(by moment: Int64) -> Bool { greetedAt.map { $0 <= moment } ?? false }

    func act(on readiness: LoopReadiness?) -> NextTurn {
        if case .done = state { return .never }
        if worker.isCancelled { return leave() }
        do throws(BenchProblem) {
            if let readiness { try connection?.note(readiness) }
            if case .waiting(let moment) = state {
                let now = worker.readClock()
                if worker.isOver(at: now) { return leave() }
                if now < moment { return .at(min(moment, worker.end)) }
                try connect(at: now)
            }
            guard let connection else { return .never }
            if case .connecting(let deadline) = state {
                let now = worker.readClock()
                guard connection.isConnected else {
                    if now >= deadline { throw .connectTimedOut }
                    return .at(deadline)
                }
                state = .talking
                // The first echo of a connection counts in no statistics: it only shows that the server serves.
                begin(at: now, due: .min)
            }
            return try talk(on: connection)
        } catch {
            return fail(error)
        }
    }

    private func connect(at now: Int64) throws(BenchProblem) {
        (wanted, completed, inFlight) = (0, 0, MessageQueue())
        connection = try BenchConnection(worker, client: index, stream: stream)
        state = .connecting(until: now &+ worker.timeout)
    }

    private func fail(_ problem: BenchProblem) -> NextTurn {
        let wasGreeted = greetedAt != nil
        worker.note(problem, isFirst: !hasFailed && !wasGreeted)
        hasFailed = true
        disconnect()
        greetedAt = nil
        let now = worker.readClock()
        if worker.isOver(at: now) { return leave() }
        let moment = now &+ pause.next(wasGreeted: wasGreeted)
        state = .waiting(until: moment)
        return .at(min(moment, worker.end))
    }

    private func leave() -> NextTurn {
        disconnect()
        state = .done
        if !worker.isCancelled { countUnsent() }
        worker.clientIsDone()
        return .never
    }

    /// The next connection sends another stream, so that late bytes of this one are recognised.
    private func disconnect() {
        connection?.close()
        connection = nil
        stream += worker.plan.clients
    }

    /// Counts the messages that were due and will not be sent any more.
    private func countUnsent() {
        guard talks, let timing = worker.timing, let rate = worker.plan.rate else { return }
        worker.countUnsent(of: schedule ?? newSchedule(timing, rate))
    }
}

// MARK: - Talking

extension PersistentClient {
    private func talk(on connection: BenchConnection) throws(BenchProblem) -> NextTurn {
        let completedBefore = completed
        var isUnfinished = try receive(from: connection)
        // A message that came back has just read the clock.
        let now = completed == completedBefore ? worker.readClock() : worker.now
        beginDue(at: now, on: connection)
        if try send(on: connection) { isUnfinished = true }
        if let oldest = inFlight.oldest, now &- oldest.sent >= worker.timeout { throw .timedOut }
        if isOver(at: now) { return leave() }
        return isUnfinished ? .again : .at(nextMoment)
    }

    /// Returns true if there may be more to receive than fits into a turn.
    private func receive(from connection: BenchConnection) throws(BenchProblem) -> Bool {
        for _ in 0..<Self.piecesPerTurn {
            switch try connection.receive() {
            case .nothing: return false
            case .endOfStream: throw .closed
            case .bytes: complete(upTo: connection.received)
            }
        }
        return true
    }

    private func complete(upTo received: UInt64) {
        let size = UInt64(worker.plan.size)
        if received < (completed &+ 1) &* size { return }
        let now = worker.readClock()
        while received >= (completed &+ 1) &* size {
            completed &+= 1
            if inFlight.count == worker.depth { freeSince = now }
            guard let message = inFlight.removeOldest() else { break }
            worker.recorder.echo(message, at: now, bytes: worker.plan.size)
            if greetedAt == nil { greeted(at: now) }
        }
    }

    private func greeted(at now: Int64) {
        greetedAt = now
        if !wasEverGreeted { worker.greeted(isSettled: !hasFailed) }
        wasEverGreeted = true
    }

    private func begin(at now: Int64, due: Int64) {
        inFlight.append(MessageQueue.Message(due: due, sent: now))
        wanted &+= UInt64(worker.plan.size)
    }

    private func beginDue(at now: Int64, on connection: BenchConnection) {
        guard greetedAt != nil, let timing = worker.timing else { return }
        if !talks {
            // The last echo shows that the server still serves a client that was silent.
            if now >= timing.end, !saidGoodbye {
                saidGoodbye = true
                begin(at: now, due: now)
            }
            return
        }
        guard let rate = worker.plan.rate else {
            while now < timing.end, inFlight.count < worker.depth, wanted == connection.sent || worker.depth < .max {
                begin(at: now, due: now)
            }
            return
        }
        if schedule == nil { schedule = newSchedule(timing, rate) }
        // A message that the server delayed beyond the timeout is not sent any more.
        guard now < timing.end &+ worker.timeout else { return }
        while let due = schedule?.next, due <= now, due < timing.end, inFlight.count < worker.depth {
            worker.recorder.began(due: due, at: now, lag: now &- max(due, freeSince))
            begin(at: now, due: due)
            schedule?.advance()
        }
    }

    /// Returns true if there is more to send than fits into a turn.
    private func send(on connection: BenchConnection) throws(BenchProblem) -> Bool {
        for _ in 0..<Self.piecesPerTurn {
            guard connection.sent < wanted, try connection.send(upTo: wanted) else { return false }
            // Under `stream`, the next message begins as soon as there is buffer space.
            if connection.sent == wanted, worker.depth == .max { beginDue(at: worker.now, on: connection) }
        }
        return connection.sent < wanted
    }

    private func isOver(at now: Int64) -> Bool {
        now >= worker.end && inFlight.count == 0 && (talks || saidGoodbye)
    }

    private func newSchedule(_ timing: BenchTiming, _ rate: Double) -> Schedule {
        Schedule(start: timing.start, client: number, of: worker.talkers, rate: rate)
    }

    private var nextMoment: Int64 {
        let timeout = inFlight.oldest.map { $0.sent &+ worker.timeout } ?? .max
        guard greetedAt != nil, worker.now < worker.end else { return timeout }
        guard talks, inFlight.count < worker.depth, let due = schedule?.next else { return min(timeout, worker.end) }
        return min(timeout, min(due, worker.end))
    }
}
