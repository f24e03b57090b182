// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// What other threads hand to a loop, which they wake if it sleeps: jobs, errands, and that it is to stop.
///
/// Everybody posts; only the loop's thread takes, parks and closes.
final class LoopMailbox: Sendable {
    private let wake: WakeEvent
    private let arrivals = Lock(Arrivals())
    private let hasArrivals = Atomic<Bool>(false)
    private let isParked = Atomic<Bool>(false)

    private struct Arrivals {
        var jobs: [UnownedJob] = []
        var errands: [@Sendable () -> Void] = []
        var isStopping = false
        var isClosed = false
    }

    /// What has come since it was last asked.
    struct Delivery {
        var jobs: [UnownedJob] = []
        var errands: [@Sendable () -> Void] = []
        var isStopping = false
    }

    init() throws(Errno) { wake = try WakeEvent() }

    /// The loop polls it, and has nothing else to do with it.
    var wakeNumber: Int32 { wake.descriptor.number }

    // MARK: Everybody's

    /// Returns false, and keeps nothing, when the loop has ended.
    func post(_ job: UnownedJob) -> Bool { post { $0.jobs.append(job) } }

    /// As ``post(_:)-(UnownedJob)``.
    func post(_ errand: @escaping @Sendable () -> Void) -> Bool { post { $0.errands.append(errand) } }

    func postStop() { _ = post { $0.isStopping = true } }

    private func post(_ change: (inout Arrivals) -> Void) -> Bool {
        let isOpen = arrivals.withLock { arrivals in
            if arrivals.isClosed { return false }
            change(&arrivals)
            return true
        }
        if isOpen { announce() }
        return isOpen
    }

    /// The flag goes up before the look whether the loop sleeps, and the loop says that it sleeps before it looks at
    /// the flag: one of the two sees the other. Only the first of many wakes it.
    private func announce() {
        hasArrivals.store(true, ordering: .sequentiallyConsistent)
        if isParked.exchange(false, ordering: .sequentiallyConsistent) { wake.raise() }
    }

    // MARK: The loop's

    /// Nil when nothing has come. A loop that is to stop is told each time, until it has closed.
    func take() -> Delivery? {
        guard hasArrivals.load(ordering: .relaxed) else { return nil }
        hasArrivals.store(false, ordering: .sequentiallyConsistent)
        return arrivals.withLock { arrivals in
            if arrivals.isStopping { hasArrivals.store(true, ordering: .relaxed) }
            let delivery = Delivery(
                jobs: arrivals.jobs, errands: arrivals.errands, isStopping: arrivals.isStopping)
            (arrivals.jobs, arrivals.errands) = ([], [])
            return delivery
        }
    }

    /// Says that the loop sleeps; false when something has come, and it is not to.
    func park() -> Bool {
        isParked.store(true, ordering: .sequentiallyConsistent)
        return !hasArrivals.load(ordering: .sequentiallyConsistent)
    }

    func unpark() { isParked.store(false, ordering: .relaxed) }

    /// Takes nothing from now on; false when something has come before.
    func close() -> Bool {
        arrivals.withLock { arrivals in
            arrivals.isClosed = arrivals.jobs.isEmpty && arrivals.errands.isEmpty
            return arrivals.isClosed
        }
    }
}
