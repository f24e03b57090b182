// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// An epoll(7) instance and room for what one wait brings. It belongs to one thread.
///
/// Edge-triggered: a descriptor is reported once when it becomes ready, and not again until more has come. With level
/// triggering every report costs the kernel a second look at the descriptor in the next wait.
package struct EventPoll: ~Copyable, @unchecked Sendable {
    // Unchecked: the events are written and read by the thread that waits.
    private let descriptor: Descriptor
    private let events: UnsafeMutablePointer<epoll_event>
    private let capacity: Int

    /// - Parameter capacity: how many ready descriptors one wait reports at most.
    package init(capacity: Int = 256) throws(Errno) {
        descriptor = Descriptor(owning: try systemCall { epoll_create1(CInt(EPOLL_CLOEXEC)) })
        self.capacity = capacity
        events = .allocate(capacity: capacity)
        events.initialize(repeating: epoll_event(), count: capacity)
    }

    deinit { events.deallocate() }

    /// From now on readiness of the descriptor is reported with the token; if it is ready now, at the next wait.
    ///
    /// - Parameter writable: report that there is room to send, too.
    package borrowing func add(_ number: CInt, token: UInt64, writable: Bool = false) throws(Errno) {
        try control(EPOLL_CTL_ADD, number, token, writable)
    }

    /// Changes what is reported, and reports anew what is ready now.
    package borrowing func change(_ number: CInt, token: UInt64, writable: Bool) throws(Errno) {
        try control(EPOLL_CTL_MOD, number, token, writable)
    }

    /// Looks once, or waits until something is ready; returns how many events there are.
    package borrowing func wait(blocks: Bool) -> Int {
        // A signal ends the wait early, and then the caller comes back anyway; other failures can only be a bug.
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
        event.events = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        if writable { event.events |= EPOLLOUT.rawValue }
        event.data.u64 = token
        let epoll = descriptor.number
        try systemCall { epoll_ctl(epoll, operation, number, &event) }
    }
}

/// What epoll says of one descriptor.
package struct LoopReadiness: Sendable {
    fileprivate let mask: UInt32

    /// There is something to receive: bytes, the end of the stream, or an error.
    package var isReadable: Bool {
        mask & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
    }

    /// A send will take something, or say what is wrong.
    package var isWritable: Bool {
        mask & (EPOLLOUT.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
    }

    /// The peer has finished or is gone. With the last bytes this is the only report of it: reading must go on to the
    /// end, see epoll(7).
    package var isHungUp: Bool {
        mask & (EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
    }
}
