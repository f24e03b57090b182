// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// All workers of a bench, for the thread that runs it. Each request runs on the worker's own thread.
struct WorkerPool {
    private let plan: BenchPlan
    private let workers: [BenchWorker]
    private let barrier: Monitor<StartBarrier>
    private let threads = ThreadGroup()

    /// Makes the workers and their threads.
    init(
        _ plan: BenchPlan, _ address: SocketAddress, _ barrier: Monitor<StartBarrier>
    ) throws(BenchObstacle) {
        (self.plan, self.barrier) = (plan, barrier)
        let count = plan.loops ?? CurrentProcess.processorCount
        let ports = LocalPorts.systemRange
        do throws(Errno) {
            var workers: [BenchWorker] = []
            for _ in 0..<count {
                workers.append(try BenchWorker(plan, address, LocalPorts(workers: count, range: ports), barrier))
            }
            self.workers = workers
        } catch {
            throw BenchObstacle("cannot create the event loops of the load", error)
        }
        do throws(Errno) {
            try startThreads()
        } catch {
            throw BenchObstacle(noThreadFor: "the threads of the load", error)
        }
    }

    private func startThreads() throws(Errno) {
        do throws(Errno) {
            for (index, worker) in workers.enumerated() {
                try threads.start(named: "bench-\(index)") { worker.loop.run() }
            }
        } catch {
            stop()
            throw error
        }
    }

    /// Ends the threads, and waits for them for a short time.
    func stop() {
        for worker in workers { worker.loop.stop() }
        _ = threads.join(until: .now + .seconds(2))
    }

    /// Lets the clients connect, spread evenly over the ramp.
    func connectClients() {
        let now = MonotonicTime.now.nanoseconds
        let step = plan.ramp.clampedNanoseconds / Int64(plan.clients)
        for (index, worker) in workers.enumerated() {
            let numbers = stride(from: index, to: plan.clients, by: workers.count)
            worker.loop.post { worker.add(clients: numbers) { now &+ step &* Int64($0) } }
        }
    }

    func each(_ body: @escaping @Sendable (BenchWorker) -> Void) {
        for worker in workers { worker.loop.post { body(worker) } }
    }

    func cancel() { each { $0.cancel() } }

    func ask<Answer: Sendable>(_ question: @escaping @Sendable (BenchWorker) -> Answer) -> [Answer] {
        ask { question }
    }

    /// Asks each worker a question that is made for it here, and waits for all answers.
    private func ask<Answer: Sendable>(_ makeQuestion: () -> @Sendable (BenchWorker) -> Answer) -> [Answer] {
        let answers = Monitor<[Int: Answer]>([:])
        for (index, worker) in workers.enumerated() {
            let question = makeQuestion()
            worker.loop.post {
                let answer = question(worker)
                answers.update { $0[index] = answer }
            }
        }
        // A worker that does not answer for so long is stuck. The answers of the others still count.
        let all = answers.wait(until: .now + .seconds(10)) { $0.count == workers.count ? $0 : nil }
        return (all ?? answers.withLock { $0 }).sorted { $0.key < $1.key }.map(\.value)
    }

    func sum(_ question: @escaping @Sendable (BenchWorker) -> Int) -> Int { ask(question).reduce(0, +) }

    /// What all workers have counted since the last call.
    func takeTally() -> Tally {
        var sum = Tally()
        let tallies = ask {
            let fresh = FreshTally()
            return { $0.recorder.exchange(fresh) }
        }
        for tally in tallies { sum.add(tally) }
        return sum
    }

    /// Waits until all clients are done; false when the deadline passed, or `isInHurry` became true, before that.
    @discardableResult
    func waitUntilDone(until deadline: MonotonicTime, unless isInHurry: () -> Bool = { false }) -> Bool {
        while MonotonicTime.now < deadline, !isInHurry() {
            let step = min(deadline, .now + .milliseconds(100))
            if barrier.wait(until: step, for: { $0.finishedWorkers == workers.count ? true : nil }) != nil {
                return true
            }
        }
        return false
    }
}

/// How far the clients have come: the run waits until all are settled before it counts.
struct StartBarrier: Sendable {
    /// Clients that had an echo.
    var greeted = 0
    /// Clients that had an echo, or whose first connection failed.
    var settled = 0
    var firstProblem: BenchProblem?
    /// Workers whose clients are all done.
    var finishedWorkers = 0
}
