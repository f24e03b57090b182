// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A client that opens a new connection for each message: connects, sends, reads the echo, half-closes, reads the end of
/// the stream, closes.
final class ChurnClient: BenchClient {
    private struct Visit {
        let connection: BenchConnection
        let due: Int64
        let start: Int64
        var connected: Int64?
        var firstByte: Int64?
        /// When the last byte of the echo came back, and the client half-closed.
        var echoed: Int64?
    }

    private let worker: BenchWorker
    /// 0 for the first client of the bench.
    private let number: Int
    /// The client's index in its loop.
    private let index: Int

    private var visit: Visit?
    private var stream: Int
    private var isFirst = true
    private var isDone = false
    private var greetedAt: Int64?
    /// When the last visit ended, or the pause after it ends: no visit begins before that.
    private var freeSince: Int64
    private var pause = ReconnectPause()
    private var schedule: Schedule?

    /// The parts of a visit, in the order in which the recorder counts them.
    static let parts = ["connect", "first byte", "close"]
    /// Limit of receives, and of sends, in one turn, so that other clients get their turn.
    private static let piecesPerTurn = 8

    init(_ worker: BenchWorker, number: Int, index: Int, connectingAt moment: Int64) {
        (self.worker, self.number, self.index) = (worker, number, index)
        freeSince = moment
        stream = number
    }

    func isServed(by moment: Int64) -> Bool { greetedAt.map { $0 <= moment } ?? false }

    func act(on readiness: LoopReadiness?) -> NextTurn {
        if isDone { return .never }
        if worker.isCancelled { return leave() }
        do throws(BenchProblem) {
            if let readiness { try visit?.connection.note(readiness) }
            if visit != nil { return try goOn() }
            return try beginNext(at: worker.readClock())
        } catch {
            return fail(error)
        }
    }

    private func fail(_ problem: BenchProblem) -> NextTurn {
        worker.note(problem, isFirst: isFirst)
        endVisit()
        freeSince = worker.readClock()
        // Between the first visit and the second one, the client waits for the start of the run.
        if !isFirst { freeSince &+= pause.next(wasGreeted: false) }
        isFirst = false
        return .at(min(freeSince, worker.end))
    }

    private func leave() -> NextTurn {
        endVisit()
        isDone = true
        if let schedule, !worker.isCancelled { worker.countUnsent(of: schedule) }
        worker.clientIsDone()
        return .never
    }

    private func endVisit() {
        visit?.connection.close()
        visit = nil
    }
}

// MARK: - Between visits

extension ChurnClient {
    private func beginNext(at now: Int64) throws(BenchProblem) -> NextTurn {
        if isFirst {
            if worker.isOver(at: now) { return leave() }
            if now < freeSince { return .at(min(freeSince, worker.end)) }
            try begin(due: now)
            return try goOn()
        }
        guard let timing = worker.timing else { return .never }
        if schedule == nil, let rate = worker.plan.rate {
            schedule = Schedule(start: timing.start, client: number, of: worker.plan.clients, rate: rate)
        }
        let due = schedule?.next ?? now
        // A visit that the server delayed beyond the timeout does not begin any more.
        guard due < timing.end, now < timing.end &+ worker.timeout else { return leave() }
        let moment = max(due, freeSince)
        if now < moment { return .at(schedule == nil ? min(moment, timing.end) : moment) }
        if schedule != nil { worker.recorder.began(due: due, at: now, lag: now &- moment) }
        schedule?.advance()
        try begin(due: due)
        return try goOn()
    }

    private func begin(due: Int64) throws(BenchProblem) {
        defer { stream += worker.plan.clients }
        let start = worker.now
        visit = Visit(
            connection: try BenchConnection(worker, client: index, stream: stream, takesTurns: true), due: due,
            start: start)
    }
}

// MARK: - One visit

extension ChurnClient {
    private func goOn() throws(BenchProblem) -> NextTurn {
        guard let connection = visit?.connection, let start = visit?.start else { return .never }
        // One deadline for all: a server that sends a byte now and then gets no more time than a silent one.
        let deadline = start &+ worker.timeout
        let now = worker.readClock()
        guard connection.isConnected else {
            if now >= deadline { throw .connectTimedOut }
            return .at(deadline)
        }
        if visit?.connected == nil { visit?.connected = now }
        let isUnfinished = try exchange(on: connection)
        if try hasEnded(connection) { return try finish() }
        if worker.now >= deadline { throw .timedOut }
        return isUnfinished ? .again : .at(deadline)
    }

    /// Sends the message and reads its echo; returns true if there is more to do than fits into a turn.
    private func exchange(on connection: BenchConnection) throws(BenchProblem) -> Bool {
        let size = UInt64(worker.plan.size)
        for _ in 0..<Self.piecesPerTurn {
            // The echo is read while the message is sent: a large one would else fill the buffers of both sides.
            let sends = connection.sent < size ? try connection.send(upTo: size) : false
            let receives = connection.received < size ? try receive(from: connection, size) : false
            if !sends, !receives { return false }
        }
        return connection.received < size
    }

    private func receive(from connection: BenchConnection, _ size: UInt64) throws(BenchProblem) -> Bool {
        switch try connection.receive() {
        case .nothing: return false
        case .endOfStream: throw .closed
        case .bytes:
            let now = worker.readClock()
            if visit?.firstByte == nil { visit?.firstByte = now }
            if connection.received == size {
                visit?.echoed = now
                connection.closeWrite()
            }
            return true
        }
    }

    /// True if the server has closed its side after the echo.
    private func hasEnded(_ connection: BenchConnection) throws(BenchProblem) -> Bool {
        guard visit?.echoed != nil else { return false }
        switch try connection.receiveUnchecked() {
        case .nothing: return false
        case .endOfStream: return true
        case .bytes: throw .mismatch("client \(number + 1): bytes after the echo")
        }
    }

    private func finish() throws(BenchProblem) -> NextTurn {
        let now = worker.readClock()
        if let visit, let connected = visit.connected, let firstByte = visit.firstByte, let echoed = visit.echoed {
            if worker.recorder.counts(visit.due) {
                worker.recorder.part(0, connected &- visit.start)
                worker.recorder.part(1, firstByte &- connected)
                worker.recorder.part(2, now &- echoed)
            }
            let message = MessageQueue.Message(due: visit.due, sent: visit.start)
            worker.recorder.echo(message, at: now, bytes: worker.plan.size)
        }
        visit?.connection.closeAfterEnd()
        visit = nil
        if greetedAt == nil {
            greetedAt = now
            worker.greeted(isSettled: isFirst)
        }
        isFirst = false
        pause = ReconnectPause()
        freeSince = now
        return try beginNext(at: now)
    }
}
