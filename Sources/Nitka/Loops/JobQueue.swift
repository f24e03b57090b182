// SPDX-License-Identifier: Apache-2.0

/// Jobs in the order in which they came. A plain array with a place to read at: it allocates only while it grows.
struct JobQueue {
    private var jobs: [UnownedJob] = []
    private var next = 0

    var isEmpty: Bool { next == jobs.count }

    mutating func append(_ job: UnownedJob) { jobs.append(job) }

    mutating func popFirst() -> UnownedJob? {
        if next == jobs.count { return nil }
        let job = jobs[next]
        next += 1
        if next == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            next = 0
        } else if next == 4096 {
            // Those who enqueue without end must not make it grow without end.
            jobs.removeFirst(next)
            next = 0
        }
        return job
    }
}
