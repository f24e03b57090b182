// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// What poll(2) waits for. It reports a failure and a hang-up in every case.
package enum Readiness: Sendable {
    case readable
    case writable
    /// Only a failure or a hang-up.
    case failed

    fileprivate var mask: CShort {
        switch self {
        case .readable: CShort(POLLIN)
        case .writable: CShort(POLLOUT)
        case .failed: 0
        }
    }
}

package enum PollOutcome: Sendable {
    case ready
    case interrupted
    case timedOut
}

/// Waits for one descriptor, or for a second one to become readable, which interrupts the wait.
///
/// It allocates nothing, because every message of a client that pauses passes through here.
///
/// - Parameter other: -1 for none.
package func poll(
    _ number: CInt, for readiness: Readiness = .readable, orInterruptedBy other: CInt, until deadline: MonotonicTime?
) -> PollOutcome {
    withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { entries in
        entries[0] = pollfd(fd: number, events: readiness.mask, revents: 0)
        entries[1] = pollfd(fd: other, events: CShort(POLLIN), revents: 0)
        guard poll(entries, until: deadline) else { return .timedOut }
        return entries[1].revents != 0 ? .interrupted : .ready
    }
}

/// Waits until one of the descriptors is readable, has failed or was hung up.
///
/// - Returns: the index of the first one of them; nil when the deadline passed.
package func poll(_ numbers: [CInt], until deadline: MonotonicTime?) -> Int? {
    var set = PollSet(numbers)
    return set.wait(until: deadline)
}

/// Descriptors for repeated waits, in order of precedence.
package struct PollSet: Sendable {
    private var entries: [pollfd]

    package init(_ numbers: [CInt]) {
        entries = numbers.map { pollfd(fd: $0, events: CShort(POLLIN), revents: 0) }
    }

    /// As ``poll(_:until:)``.
    package mutating func wait(until deadline: MonotonicTime?) -> Int? {
        let isReady = entries.withUnsafeMutableBufferPointer { poll($0, until: deadline) }
        return isReady ? entries.firstIndex { $0.revents != 0 } : nil
    }
}

private func poll(_ entries: UnsafeMutableBufferPointer<pollfd>, until deadline: MonotonicTime?) -> Bool {
    while true {
        let left = deadline.map { max(0, ($0 - .now).clampedNanoseconds) }
        let count = nitka_poll(entries.baseAddress, nfds_t(entries.count), left ?? -1)
        if count > 0 { return true }
        if count == 0 { return false }
        // ENOMEM is temporary. Any other error is a bug, which the caller's next call on the descriptor reports.
        if Errno.last != .interrupted { return true }
    }
}
