// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// What other threads leave for a loop: jobs, closures, and the order to stop. A post wakes a loop that sleeps.
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

    /// The order matters: a poster clears `isEmpty` and then reads `isParked`; the loop sets `isParked` and then reads
    /// `isEmpty`. So no post is missed. Only the first of many posters wakes the loop.
    private func announce() {
        isEmpty.store(false, ordering: .sequentiallyConsistent)
        if isParked.exchange(false, ordering: .sequentiallyConsistent) { wake.raise() }
    }

    // MARK: The loop's thread

    /// Returns nil when nothing was posted. The order to stop is in every take until the queue closes.
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

    /// Announces that the loop sleeps; returns false when it must not, because something was posted.
    func park() -> Bool {
        isParked.store(true, ordering: .sequentiallyConsistent)
        return isEmpty.load(ordering: .sequentiallyConsistent)
    }

    func unpark() { isParked.store(false, ordering: .relaxed) }

    /// Refuses posts from now on; returns false, and stays open, when something was posted before.
    func close() -> Bool {
        posted.withLock { posted in
            posted.isClosed = posted.jobs.isEmpty && posted.closures.isEmpty
            return posted.isClosed
        }
    }
}
