// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// All workers of a bench, as the thread that runs it sees them: each is asked and told on its own loop.
struct Crowd {
    private let workers: [BenchWorker]

    init(_ workers: [BenchWorker]) { self.workers = workers }

    /// Starts the clients, each on its loop; a worker says when the last of its clients has gone.
    func start(_ plan: BenchPlan, _ gathering: Monitor<Gathering>) {
        let now = MonotonicTime.now.nanoseconds
        let step = plan.ramp.clampedNanoseconds / Int64(max(1, plan.clients))
        for (index, worker) in workers.enumerated() {
            let numbers = stride(from: index, to: plan.clients, by: workers.count)
            Task(executorPreference: worker.loop) {
                await withDiscardingTaskGroup { group in
                    for number in numbers {
                        group.addTask(executorPreference: worker.loop) {
                            await worker.live(as: number, connectingAt: now &+ step &* Int64(number))
                        }
                    }
                }
                worker.dismiss()
                gathering.update { $0.finishedWorkers += 1 }
            }
        }
    }

    func each(_ body: @escaping @Sendable (BenchWorker) -> Void) {
        for worker in workers { worker.loop.perform { body(worker) } }
    }

    func cancel() { each { $0.cancel() } }

    func ask<Answer: Sendable>(_ question: @escaping @Sendable (BenchWorker) -> Answer) -> [Answer] {
        ask { question }
    }

    /// Asks each worker on its loop, with a question made for it here, and waits for all answers.
    func ask<Answer: Sendable>(
        _ makeQuestion: () -> @Sendable (BenchWorker) -> Answer
    ) -> [Answer] {
        let answers = Monitor<[Int: Answer]>([:])
        for (index, worker) in workers.enumerated() {
            let question = makeQuestion()
            worker.loop.perform {
                let answer = question(worker)
                answers.update { $0[index] = answer }
            }
        }
        // A loop that does not answer for so long is stuck: what the others said counts all the same.
        let said = answers.wait(until: .now + .seconds(10)) { $0.count == workers.count ? $0 : nil }
        return (said ?? answers.withLock { $0 }).sorted { $0.key < $1.key }.map(\.value)
    }

    func sum(_ question: @escaping @Sendable (BenchWorker) -> Int) -> Int { ask(question).reduce(0, +) }

    func takeSecond() -> Tally {
        var sum = Tally()
        let tallies = ask {
            let fresh = FreshTally()
            return { $0.recorder.exchange(fresh) }
        }
        for tally in tallies { sum.add(tally) }
        return sum
    }

    /// False when the deadline passed first, or somebody did not want to wait.
    @discardableResult
    func waitUntilGone(
        _ gathering: Monitor<Gathering>, until deadline: MonotonicTime, unless isInAHurry: () -> Bool = { false }
    ) -> Bool {
        while MonotonicTime.now < deadline, !isInAHurry() {
            let step = min(deadline, .now + .milliseconds(100))
            if gathering.wait(until: step, for: { $0.finishedWorkers == workers.count ? true : nil }) != nil {
                return true
            }
        }
        return false
    }
}
