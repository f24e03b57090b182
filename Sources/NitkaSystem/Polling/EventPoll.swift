// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// An epoll(7) instance and the events of its last wait. It belongs to one thread.
///
/// Edge-triggered: a descriptor is reported once when it becomes ready, and again only when more has arrived. With level
/// triggering, the kernel would check each reported descriptor a second time in the next wait.
package struct EventPoll: ~Copyable, @unchecked Sendable {
    // Unchecked: only the thread that waits writes and reads the events.
    private let descriptor: Descriptor
    private let events: UnsafeMutablePointer<epoll_event>
    private let capacity: Int

    /// - Parameter capacity: the maximum number of events of one wait.
    package init(capacity: Int = 256) throws(Errno) {
        descriptor = Descriptor(owning: try systemCall { epoll_create1(CInt(EPOLL_CLOEXEC)) })
        self.capacity = capacity
        events = .allocate(capacity: capacity)
        events.initialize(repeating: epoll_event(), count: capacity)
    }

    deinit { events.deallocate() }

    /// Reports the descriptor with this token from now on; if it is ready now, in the next wait.
    ///
    /// - Parameter writable: whether to report space to send, too.
    package borrowing func add(_ number: CInt, token: UInt64, writable: Bool = false) throws(Errno) {
        try control(EPOLL_CTL_ADD, number, token, writable)
    }

    /// Changes what is reported, and reports again what is ready now.
    package borrowing func change(_ number: CInt, token: UInt64, writable: Bool) throws(Errno) {
        try control(EPOLL_CTL_MOD, number, token, writable)
    }

    /// Checks once, or waits until something is ready; returns the number of events.
    package borrowing func wait(blocks: Bool) -> Int {
        // A signal ends the wait early, and the caller waits again; any other failure is a bug.
        max(0, Int(epoll_wait(descriptor.number, events, CInt(capacity), blocks ? -1 : 0)))
    }

    /// One event of the last wait.
    package borrowing func event(_ index: Int) -> (token: UInt64, readiness: LoopReadiness) {
        let event = events[index]
        return (event.data.u64, LoopReadiness(mask: event.events))
    }

    private borrowing func control(
        _ operation: CInt, _ number: CInt, _ token: UInt64, _ writable: Bool
    ) throws(Errno) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | EPOLLPRI.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        if writable { event.events |= EPOLLOUT.rawValue }
        event.data.u64 = token
        let epoll = descriptor.number
        try systemCall { epoll_ctl(epoll, operation, number, &event) }
    }
}

/// What epoll(7) reports of one descriptor.
package struct LoopReadiness: Sendable {
    fileprivate let mask: UInt32

    /// A receive finds bytes, the end of the stream, or an error.
    package var isReadable: Bool {
        mask & (EPOLLIN.rawValue | EPOLLPRI.rawValue | EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
    }

    /// A send takes bytes, or reports an error.
    package var isWritable: Bool {
        mask & (EPOLLOUT.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
    }

    /// A short receive does not mean that the socket is empty: the peer has finished or reset, which is reported once,
    /// together with the last bytes; or an urgent byte has arrived, before which a receive stops.
    package var mayHaveMore: Bool {
        mask & (EPOLLPRI.rawValue | EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
    }
}
