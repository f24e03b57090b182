// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// What other threads hand to a loop: jobs, closures, and the order to stop. They wake the loop if it sleeps.
///
/// Any thread posts; only the loop's thread takes, parks and closes.
final class RemoteQueue: Sendable {
    private let wake: WakeEvent
    private let posted = Lock(Posted())
    private let isEmpty = Atomic<Bool>(true)
    private let isParked = Atomic<Bool>(false)

    /// What was posted since the last take.
    struct Posted {
        var jobs: [UnownedJob] = []
        var closures: [@Sendable () -> Void] = []
        var isStopping = false
        fileprivate var isClosed = false
    }

    init() throws(Errno) { wake = try WakeEvent() }

    /// The descriptor that the loop polls; it becomes readable when the loop sleeps and something is posted.
    var wakeDescriptor: Int32 { wake.descriptor.number }

    // MARK: Any thread

    /// Returns false, and keeps nothing, when the loop has ended.
    func post(_ job: UnownedJob) -> Bool { post { $0.jobs.append(job) } }

    /// As ``post(_:)-(UnownedJob)``.
    func post(_ closure: @escaping @Sendable () -> Void) -> Bool { post { $0.closures.append(closure) } }

    func postStop() { _ = post { $0.isStopping = true } }

    private func post(_ change: (inout Posted) -> Void) -> Bool {
        let isOpen = posted.withLock { posted in
            if posted.isClosed { return false }
            change(&posted)
            return true
        }
        if isOpen { announce() }
        return isOpen
    }

    /// A poster clears `isEmpty` before it looks whether the loop is parked, and the loop parks before it looks at
    /// `isEmpty`: one of the two sees the other. Only the first of many posters wakes the loop.
    private func announce() {
        isEmpty.store(false, ordering: .sequentiallyConsistent)
        if isParked.exchange(false, ordering: .sequentiallyConsistent) { wake.raise() }
    }

    // MARK: The loop's thread

    /// Returns nil when nothing was posted. A loop that has to stop gets the order with every take until it closes.
    func take() -> Posted? {
        if isEmpty.load(ordering: .relaxed) { return nil }
        isEmpty.store(true, ordering: .sequentiallyConsistent)
        return posted.withLock { posted in
            if posted.isStopping { isEmpty.store(false, ordering: .relaxed) }
            let taken = posted
            (posted.jobs, posted.closures) = ([], [])
            return taken
        }
    }

    /// Says that the loop sleeps; false when something was posted, and the loop must not sleep.
    func park() -> Bool {
        isParked.store(true, ordering: .sequentiallyConsistent)
        return isEmpty.load(ordering: .sequentiallyConsistent)
    }

    func unpark() { isParked.store(false, ordering: .relaxed) }

    /// Takes nothing from now on; false when something was posted before.
    func close() -> Bool {
        posted.withLock { posted in
            posted.isClosed = posted.jobs.isEmpty && posted.closures.isEmpty
            return posted.isClosed
        }
    }
}
