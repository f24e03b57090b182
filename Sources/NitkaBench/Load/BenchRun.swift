// SPDX-License-Identifier: Apache-2.0

internal import Histogram
internal import Nitka
internal import NitkaSystem

/// One run of a bench, from the first connection to the last count; on a thread of its own, next to the workers.
struct BenchRun {
    private let bench: Bench
    private let plan: BenchPlan
    private let progress: (@Sendable (BenchProgress) -> Void)?
    private let barrier = Monitor(StartBarrier())

    init(_ bench: Bench, _ progress: (@Sendable (BenchProgress) -> Void)?) {
        self.bench = bench
        plan = bench.plan
        self.progress = progress
    }

    func run() throws -> BenchOutcome {
        if let problem = plan.problem { throw BenchObstacle(description: problem) }
        let preflight = Preflight.now(for: plan)
        if let obstacle = preflight.obstacle(plan) { throw BenchObstacle(description: obstacle) }
        if let advice = preflight.advice(plan) { progress?(.advice(advice)) }
        let address = try firstThatAnswers()
        let pool = try WorkerPool(plan, address, barrier)
        defer { pool.stop() }
        pool.connectClients()
        try waitForClients(of: pool)
        return count(pool, address)
    }

    /// Connects once: a missing server is one error here, instead of hundreds of clients' errors.
    private func firstThatAnswers() throws -> SocketAddress {
        do {
            let connection = try Connection.open(
                to: bench.endpoint, timeout: plan.timeout, orInterruptedBy: bench.wakeNumber)
            defer { connection.close() }
            return connection.peer
        } catch {
            if isStopped, error.reason == .timedOut {
                throw BenchObstacle(description: "the run was ended before \(bench.endpoint) answered")
            }
            guard let code = error.reason.code, let shortage = Shortage(Errno(code)) else { throw error }
            if Errno(code) == .addressNotAvailable, let address = try firstFromReusedPort() { return address }
            throw BenchObstacle(description: "\(error); remedy: \(shortage.remedy)")
        }
    }

    /// Connects from a port that an earlier run left in TIME_WAIT; nil if that fails too.
    private func firstFromReusedPort() throws(NitkaError) -> SocketAddress? {
        var ports = LocalPorts(workers: 1)
        let deadline = MonotonicTime.now + plan.timeout
        for address in try bench.endpoint.resolved() {
            var isConnected = false
            guard
                let descriptor = try? ports.connect(to: address.raw, takesTurns: false, isConnected: &isConnected)
            else { continue }
            if isConnected { return address }
            let outcome = poll(descriptor.number, for: .writable, orInterruptedBy: bench.wakeNumber, until: deadline)
            if outcome == .ready, descriptor.connectionFailure() == nil { return address }
        }
        return nil
    }

    /// Waits until each client had its first echo, or failed.
    private func waitForClients(of pool: WorkerPool) throws {
        let deadline = MonotonicTime.now + plan.ramp + plan.timeout + plan.timeout
        while MonotonicTime.now < deadline, !isStopped {
            let settled = barrier.wait(until: .now + .seconds(1)) {
                $0.settled >= plan.clients ? $0.greeted : nil
            }
            if settled != nil { break }
            progress?(.connected(barrier.withLock { $0.greeted }, of: plan.clients))
        }
        let state = barrier.withLock { $0 }
        if state.greeted > 0 { return }
        pool.cancel()
        pool.waitUntilDone(until: .now + .seconds(5))
        throw BenchObstacle(description: noClientServed(state.firstProblem))
    }

    private func count(_ pool: WorkerPool, _ address: SocketAddress) -> BenchOutcome {
        let now = MonotonicTime.now
        let begin = now + plan.warmup
        let timing = BenchTiming(
            start: now.nanoseconds, begin: begin.nanoseconds, end: (begin + plan.duration).nanoseconds)
        pool.each { $0.start(timing) }
        if plan.warmup > .zero { progress?(.warmingUp) }
        sleep(until: begin)
        var outcome = BenchOutcome(plan: plan, address: address.description, began: WallClock.text)
        outcome.machine = Machine.description
        outcome.clients = pool.sum { $0.served }
        let busyBefore = pool.ask { $0.loop.busyTime }
        var total = Tally()
        let end = countSeconds(pool, from: begin, &outcome, &total)
        outcome.duration = end - begin
        outcome.busy = zip(busyBefore, pool.ask { $0.loop.busyTime }).map { Double($1 - $0) }.max() ?? 0
        outcome.busy = outcome.duration > .zero ? min(1, outcome.busy / (outcome.duration / .nanoseconds(1))) : 0
        finish(pool, &outcome, &total)
        outcome.take(total, isOpenLoop: plan.rate != nil)
        return outcome
    }

    /// Counts second by second; returns the moment at which counting ended.
    private func countSeconds(
        _ pool: WorkerPool, from begin: MonotonicTime, _ outcome: inout BenchOutcome, _ total: inout Tally
    ) -> MonotonicTime {
        let end = begin + plan.duration
        var start = begin
        while start < end, !isStopped {
            let next = min(start + .seconds(1), end)
            sleep(until: next)
            let last = min(.now, next)
            // The first second includes the errors of connecting and of the warm-up.
            let tally = pool.takeTally()
            total.add(tally)
            let second = BenchSecond(
                tally, start: start - begin, length: last - start, isOpenLoop: plan.rate != nil)
            outcome.seconds.append(second)
            progress?(.second(second, left: end - last))
            start = last
        }
        if start < end {
            outcome.wasInterrupted = true
            let end = min(.now, start).nanoseconds
            pool.each { $0.end(at: end) }
        }
        return start
    }

    /// Waits for the messages in flight, for as long as an echo may take.
    private func finish(_ pool: WorkerPool, _ outcome: inout BenchOutcome, _ total: inout Tally) {
        let start = MonotonicTime.now
        let deadline = MonotonicTime.now + plan.timeout + plan.timeout + .milliseconds(500)
        if !pool.waitUntilDone(until: deadline, unless: { bench.control.withLock { $0.stops > 1 } }) {
            pool.cancel()
            pool.waitUntilDone(until: .now + .seconds(5))
        }
        let late = pool.takeTally()
        total.add(late)
        if late.echoes > 0 || !late.errors.isEmpty || late.mismatches > 0 {
            outcome.seconds.append(BenchSecond(late, start: outcome.duration, length: .now - start, isOpenLoop: false))
        }
    }

    private func noClientServed(_ problem: BenchProblem?) -> String {
        switch problem {
        case .error(let kind):
            "\(bench.endpoint) served no client: \(kind)"
                + (Shortage(kind: kind).map { "; remedy: \($0.remedy)" } ?? "")
        case .mismatch(let text): "\(bench.endpoint) is not an echo server: \(text)"
        case nil where isStopped: "the run was ended before \(bench.endpoint) served a client"
        case nil: "\(bench.endpoint) served no client"
        }
    }

    private var isStopped: Bool { bench.control.withLock { $0.stops > 0 } }

    private func sleep(until moment: MonotonicTime) {
        _ = bench.control.wait(until: moment) { $0.stops > 0 ? true : nil }
    }
}

extension BenchOutcome {
    mutating func take(_ total: Tally, isOpenLoop: Bool) {
        echoes = total.echoes
        returned = total.returned
        bytes = total.bytes
        errors = total.errors
        mismatches = total.mismatches
        firstMismatch = total.firstMismatch
        latency = total.latency
        service = isOpenLoop ? total.service : total.latency
        parts = zip(ChurnClient.parts, total.parts).map { ($0, $1) }
        let seconds = max(duration / .seconds(1), 1e-9)
        invalidReasons =
            BenchVerdict(
                clientsAsked: plan.clients, clientsOpen: clients, rateAsked: plan.rate,
                rateReached: Double(total.begunInTime) / seconds, rateAchieved: Double(total.returned) / seconds,
                seconds: duration == .zero ? 0 : seconds,
                lag: total.lag.valueAtPercentile(99),
                latency: latency.valueAtPercentile(99), echoes: echoes, errors: errors
            ).invalidReasons
    }
}

extension BenchSecond {
    init(_ tally: Tally, start: Duration, length: Duration, isOpenLoop: Bool) {
        self.init(
            start: start, length: length, echoes: tally.echoes, returned: isOpenLoop ? tally.returned : nil,
            bytes: tally.bytes,
            errors: tally.errors.values.reduce(tally.mismatches, +), latency: tally.latency)
    }
}
