// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// One loop's part of a bench: its clients, and what they share. After it is made, the loop's thread alone touches it.
final class BenchWorker: @unchecked Sendable {
    let plan: BenchPlan
    let address: SocketAddress
    let loop: EventLoop
    let recorder: Recorder
    let payload: Payload
    /// How long an echo may take, in nanoseconds.
    let patience: Int64
    /// Messages on their way at most; `.max` for as many as the server takes.
    let depth: Int
    /// Clients that talk, of all workers together.
    let talkers: Int

    /// When counting begins and ends; nil while clients still connect.
    @exclusivity(unchecked) private(set) var timing: BenchTiming?
    /// The clock as it was last read.
    @exclusivity(unchecked) private(set) var now = MonotonicTime.now.nanoseconds
    private(set) var isCancelled = false
    private let gathering: Monitor<Gathering>
    private var clients: [BenchClient] = []
    private var waiting: [UnsafeContinuation<Void, Never>] = []
    private var servedAndGone = 0
    private let room = ByteBlock(count: roomBytes)

    static let roomBytes = 65_536

    init(plan: BenchPlan, address: SocketAddress, loop: EventLoop, gathering: Monitor<Gathering>) {
        self.plan = plan
        self.address = address
        self.loop = loop
        self.gathering = gathering
        recorder = Recorder(isOpenLoop: plan.rate != nil)
        payload = Payload(seed: plan.seed)
        patience = plan.timeout.clampedNanoseconds
        depth = plan.mode == .stream ? .max : plan.depth
        talkers = plan.mode == .hold ? min(plan.talkers, plan.clients) : plan.clients
    }

    @inline(__always)
    func readClock() -> Int64 {
        now = MonotonicTime.now.nanoseconds
        return now
    }

    /// Sends a piece of a client's stream, or its beginning: returns how much went.
    @inline(__always)
    func send(
        _ count: Int, of client: Int, from offset: UInt64, on connection: AsyncConnection
    ) throws(NitkaError) -> Int {
        room.fillPrefix(count) { payload.fill(&$0, client: client, offset: offset) }
        return try connection.sendNow(count, of: room)
    }

    /// What became of a client's bytes, in a sentence; each of a client's connections has a stream of its own.
    @inline(never)
    func diagnosis(of bytes: RawSpan, client: Int, offset: UInt64) -> String {
        guard var diagnosis = Diagnosis(of: bytes, client: client, offset: offset, in: payload) else { return "" }
        diagnosis.client = client % plan.clients + 1
        if case .foreign(let count, let other) = diagnosis.kind {
            diagnosis.kind = .foreign(count, client: other % plan.clients + 1)
        }
        return diagnosis.description
    }

    /// A client has had the first echo of all.
    ///
    /// - Parameter isSettled: was it the first try? A client that failed before is settled already.
    func greeted(isSettled: Bool) {
        if plan.mode == .churn { servedAndGone += 1 }
        gathering.update { gathering in
            gathering.greeted += 1
            if isSettled { gathering.settled += 1 }
        }
    }

    // MARK: What the run says

    func start(_ timing: BenchTiming) {
        self.timing = timing
        recorder.window = Recorder.Window(begin: timing.begin, end: timing.end)
        wakeAll()
    }

    /// Suspends until everybody has come and the run begins; nil when it was cancelled.
    nonisolated(nonsending) func started() async -> BenchTiming? {
        if timing == nil, !isCancelled { await withUnsafeContinuation { waiting.append($0) } }
        return isCancelled ? nil : timing
    }

    private func wakeAll() {
        for client in clients { client.nudge() }
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    /// How many clients were served when counting began. A loop that is behind is asked later, even when the count is
    /// over: who came meanwhile is none of them, and who left because it was over is one.
    var served: Int { servedAndHere + servedAndGone }

    private var servedAndHere: Int {
        let begin = timing?.begin ?? .max
        return clients.count { $0.isServed(since: begin) }
    }

    /// How long the loop has worked so far, in nanoseconds of a processor's time.
    var busyTime: Int64 { CurrentThread.processorTime &- loop.spunAway }

    /// All of its clients have gone. They know the worker, and the worker knows them no more.
    func dismiss() {
        servedAndGone += servedAndHere
        clients = []
    }

    /// Ends early: what is on its way may still come back.
    func end(at moment: Int64) {
        guard var timing else { return cancel() }
        timing.end = min(timing.end, moment)
        timing.begin = min(timing.begin, timing.end)
        self.timing = timing
        recorder.window = Recorder.Window(begin: timing.begin, end: timing.end)
        wakeAll()
    }

    /// Ends now, whatever is on its way.
    func cancel() {
        isCancelled = true
        for client in clients { client.cancel() }
        wakeAll()
    }
}

// MARK: - A client's life

extension BenchWorker {
    /// Is it time to end?
    private var isOver: Bool { isCancelled || timing.map { loop.now >= $0.end } ?? false }

    /// Plays a client from its first connection to its last; on the loop.
    nonisolated(nonsending) func live(as number: Int, connectingAt moment: Int64) async {
        await pause(until: moment)
        if isCancelled { return }
        if plan.mode == .churn { return await Visitor(number: number, worker: self).live() }
        let client = BenchClient(number: number, worker: self, talks: number < talkers)
        clients.append(client)
        await comeAndGo(client)
        if !isCancelled { client.giveUp() }
    }

    /// Connects a client, and again whenever its connection fails.
    private nonisolated(nonsending) func comeAndGo(_ client: BenchClient) async {
        var pause = ReconnectPause()
        var isFirst = true
        while isFirst || !isOver {
            await connectAndTalk(client)
            guard let problem = client.problem, !isCancelled else { return }
            note(problem, isFirst: isFirst && !client.wasGreeted)
            isFirst = false
            if isOver { return }
            await self.pause(until: loop.now &+ pause.next(wasGreeted: client.wasGreeted))
            if isOver { return }
        }
    }

    /// Suspends a client until a moment; a second more at most when the run is over before.
    nonisolated(nonsending) func pause(until moment: Int64) async {
        while loop.now < moment, !isOver { await loop.pause(until: min(moment, loop.now &+ 1_000_000_000)) }
    }

    private nonisolated(nonsending) func connectAndTalk(_ client: BenchClient) async {
        client.forget()
        do throws(NitkaError) {
            let connection = try await AsyncConnection.open(to: address, timeout: plan.timeout)
            if isCancelled { return connection.close() }
            client.meet(connection)
            do throws(NitkaError) {
                try await connection.converse(with: client)
                connection.close()
                client.part()
            } catch {
                connection.close()
                client.part()
                throw error
            }
        } catch {
            client.fail(error)
        }
    }

    /// Counts what a client had still to send; what was due in the warm-up never counts.
    func giveUp(_ schedule: Schedule) {
        guard let timing else { return }
        let left = schedule.count(before: timing.end) - schedule.count(before: timing.begin)
        if left > 0 { recorder.failed("not sent in time", times: UInt64(left)) }
    }

    func note(_ problem: BenchProblem, isFirst: Bool) {
        switch problem {
        case .error(let kind): recorder.failed(kind)
        case .mismatch(let description): recorder.mismatch(description)
        }
        if isFirst {
            gathering.update { gathering in
                gathering.settled += 1
                gathering.firstProblem = gathering.firstProblem ?? problem
            }
        }
    }
}

/// The moments of a bench, in nanoseconds of the monotonic clock.
struct BenchTiming: Hashable, Sendable {
    /// Everybody talks.
    var start: Int64
    /// It counts.
    var begin: Int64
    var end: Int64
}

/// How far the clients have come before the first message that counts.
struct Gathering: Sendable {
    /// Clients that have had an echo, and those of whom it is known whether they are served at once.
    var greeted = 0
    var settled = 0
    var firstProblem: BenchProblem?
    /// Loops whose clients have all gone.
    var finishedWorkers = 0
}

/// How long a client waits before it connects again: longer each time that it was in vain.
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
