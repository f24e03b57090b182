// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// What poll(2) is asked about one descriptor.
package enum Readiness: Sendable {
    case readable
    case writable
    /// Nothing but what is always told: it has failed or was hung up.
    case failed

    fileprivate var mask: CShort {
        switch self {
        case .readable: CShort(POLLIN)
        case .writable: CShort(POLLOUT)
        case .failed: 0
        }
    }
}

/// Waits until one of the descriptors is ready, has failed or was hung up: the first such one's index, or nil when
/// the time is over.
package func poll(_ numbers: [CInt], for readiness: Readiness = .readable, until deadline: MonotonicTime?) -> Int? {
    var entries = numbers.map { pollfd(fd: $0, events: readiness.mask, revents: 0) }
    return poll(entries: &entries, until: deadline) ? entries.firstIndex { $0.revents != 0 } : nil
}

/// Descriptors that are waited for again and again, in order of precedence.
package struct PollSet: Sendable {
    private var entries: [pollfd]

    package init(_ numbers: [CInt]) {
        entries = numbers.map { pollfd(fd: $0, events: Readiness.readable.mask, revents: 0) }
    }

    /// Waits until one of them is readable, has failed or was hung up: the first such one's index, or nil when the time
    /// is over.
    package mutating func wait(until deadline: MonotonicTime?) -> Int? {
        poll(entries: &entries, until: deadline) ? entries.firstIndex { $0.revents != 0 } : nil
    }
}

/// Waits for one descriptor, or for a second one that interrupts (pass -1 where nothing does).
///
/// Without an allocation: it runs on the path of every message of a client that pauses.
package func poll(
    _ number: CInt, for readiness: Readiness = .readable, orInterruptedBy other: CInt, until deadline: MonotonicTime?
) -> PollOutcome {
    withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { entries in
        entries[0] = pollfd(fd: number, events: readiness.mask, revents: 0)
        entries[1] = pollfd(fd: other, events: CShort(POLLIN), revents: 0)
        guard poll(entries: entries, until: deadline) else { return .timedOut }
        return entries[1].revents != 0 ? .interrupted : .ready
    }
}

package enum PollOutcome: Sendable {
    case ready
    case interrupted
    case timedOut
}

private func poll(entries: inout [pollfd], until deadline: MonotonicTime?) -> Bool {
    entries.withUnsafeMutableBufferPointer { poll(entries: $0, until: deadline) }
}

private func poll(entries: UnsafeMutableBufferPointer<pollfd>, until deadline: MonotonicTime?) -> Bool {
    while true {
        let left = deadline.map { max(0, ($0 - .now).clampedNanoseconds) }
        let count = nitka_poll(entries.baseAddress, nfds_t(entries.count), left ?? -1)
        if count > 0 { return true }
        if count == 0 { return false }
        // ENOMEM passes; the others can only be a bug, and the caller's next call on the descriptor names it.
        if Errno.last != .interrupted { return true }
    }
}
