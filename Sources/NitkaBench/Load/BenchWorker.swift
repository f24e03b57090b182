// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe
internal import NitkaSystem

/// One worker of a bench: the clients of one loop, and what they share.
final class BenchWorker: @unchecked Sendable {
    // Unchecked: once the loop's thread runs, only that thread touches the state.
    let plan: BenchPlan
    let address: SocketAddress
    let loop: WorkerLoop
    let recorder: Recorder
    let payload: Payload
    var ports: LocalPorts
    /// How long connecting, and an echo, may take, in nanoseconds.
    let timeout: Int64
    /// Limit of messages in flight per client; `.max` for as many as the server takes.
    let depth: Int
    /// Clients that talk, of all workers together.
    let talkers: Int
    /// Where clients receive into and send from. A client uses them only within its turn.
    let input = ByteBlock(count: BenchConnection.pieceBytes)
    let output = ByteBlock(count: BenchConnection.pieceBytes)

    /// Nil while clients still connect.
    private(set) var timing: BenchTiming?
    private(set) var isCancelled = false
    private var remainingClients = 0
    private let barrier: Monitor<StartBarrier>

    init(
        _ plan: BenchPlan, _ address: SocketAddress, _ ports: LocalPorts, _ barrier: Monitor<StartBarrier>
    ) throws(Errno) {
        (self.plan, self.address, self.ports, self.barrier) = (plan, address, ports, barrier)
        loop = try WorkerLoop()
        recorder = Recorder(isOpenLoop: plan.rate != nil)
        payload = Payload(seed: plan.seed)
        timeout = plan.timeout.clampedNanoseconds
        depth = plan.mode == .stream ? .max : plan.depth
        talkers = plan.mode == .hold ? min(plan.talkers, plan.clients) : plan.clients
    }

    // MARK: The run's requests, on the loop's thread

    /// Adds clients; each starts to connect at its own moment.
    func add(clients numbers: StrideTo<Int>, connectingAt moment: (Int) -> Int64) {
        for number in numbers {
            let (index, moment) = (loop.clients.count, moment(number))
            let client: any BenchClient =
                plan.mode == .churn
                ? ChurnClient(self, number: number, index: index, connectingAt: moment)
                : PersistentClient(
                    self, number: number, index: index, talks: number < talkers, connectingAt: moment)
            loop.add(client, firstTurnAt: moment)
        }
        remainingClients = loop.clients.count
        if remainingClients == 0 { barrier.update { $0.finishedWorkers += 1 } }
    }

    /// All clients that could connect have connected: they talk from now on.
    func start(_ timing: BenchTiming) {
        self.timing = timing
        recorder.window = Recorder.Window(begin: timing.begin, end: timing.end)
        loop.nudgeAll()
    }

    /// Ends the run early. Messages in flight may still come back.
    func end(at moment: Int64) {
        guard var timing else { return cancel() }
        timing.end = min(timing.end, moment)
        timing.begin = min(timing.begin, timing.end)
        start(timing)
    }

    /// Ends the run at once and closes all connections.
    func cancel() {
        isCancelled = true
        loop.nudgeAll()
    }

    /// Clients that were served when counting began.
    ///
    /// A busy loop may answer late, even after the run: then a client that came later does not count, and a client that
    /// has left at the end does.
    var served: Int {
        let begin = timing?.begin ?? .max
        return loop.clients.count { $0.isServed(by: begin) }
    }
}

// MARK: - For the clients

extension BenchWorker {
    /// The clock as it was last read.
    @inline(__always)
    var now: Int64 { loop.now }

    @inline(__always)
    func readClock() -> Int64 { loop.readClock() }

    /// When counting ends; `.max` while clients still connect.
    var end: Int64 { timing?.end ?? .max }

    func isOver(at now: Int64) -> Bool { isCancelled || now >= end }

    /// A client had its first echo on any connection.
    ///
    /// - Parameter isSettled: false for a client that has failed before, and so is settled already.
    func greeted(isSettled: Bool) {
        barrier.update { barrier in
            barrier.greeted += 1
            if isSettled { barrier.settled += 1 }
        }
    }

    /// Counts what ended a connection.
    ///
    /// - Parameter isFirst: true for the first connection of a client that had no echo: then the client is settled.
    func note(_ problem: BenchProblem, isFirst: Bool) {
        switch problem {
        case .error(let kind): recorder.failed(kind)
        case .mismatch(let description): recorder.mismatch(description)
        }
        guard isFirst else { return }
        barrier.update { barrier in
            barrier.settled += 1
            barrier.firstProblem = barrier.firstProblem ?? problem
        }
    }

    /// Counts the messages of a schedule that will not be sent any more. Those due in the warm-up never count.
    func countUnsent(of schedule: Schedule) {
        guard let timing else { return }
        let count = schedule.count(before: timing.end) - schedule.count(before: timing.begin)
        if count > 0 { recorder.failed("not sent in time", times: UInt64(count)) }
    }

    /// The client of a stream, as reports number it: from 1. Every connection of a client has its own stream.
    func number(ofStream stream: Int) -> Int { stream % plan.clients + 1 }

    /// How bytes differ from those of a stream, as a sentence.
    @inline(never)
    func diagnosis(of bytes: RawSpan, stream: Int, offset: UInt64) -> String {
        guard var diagnosis = Diagnosis(of: bytes, client: stream, offset: offset, in: payload) else { return "" }
        diagnosis.client = number(ofStream: stream)
        if case .foreign(let count, let other) = diagnosis.kind {
            diagnosis.kind = .foreign(count, client: number(ofStream: other))
        }
        return diagnosis.description
    }

    /// A client needs no further turn.
    func clientIsDone() {
        remainingClients -= 1
        if remainingClients == 0 { barrier.update { $0.finishedWorkers += 1 } }
    }
}

/// The moments of a bench, in nanoseconds of the monotonic clock.
struct BenchTiming: Hashable, Sendable {
    /// All clients talk.
    var start: Int64
    /// Counting begins.
    var begin: Int64
    /// Counting ends.
    var end: Int64
}

/// How long a client waits before it connects again: twice as long after each connection without an echo.
struct ReconnectPause {
    static let shortest: Int64 = 10_000_000
    static let longest: Int64 = 1_000_000_000

    private var pause = shortest

    mutating func next(wasGreeted: Bool) -> Int64 {
        if wasGreeted { pause = Self.shortest }
        defer { pause = min(pause * 2, Self.longest) }
        return pause
    }
}
