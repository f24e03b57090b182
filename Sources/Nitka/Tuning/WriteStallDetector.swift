// SPDX-License-Identifier: Apache-2.0

/// How long a writer waits for buffer space: a pure value; all its times are nanoseconds of the monotonic clock.
///
/// The kernel reports space when a third of its send buffer is free again. With a slow peer that may take longer than the
/// write timeout, although the peer reads all the time: how much it has not acknowledged yet tells the two apart.
struct WriteStallDetector {
    private let timeout: Int64
    private let lifetimeEnd: Int64
    private var unacknowledged: Int
    /// When the peer was last known to take something.
    private var progress: Int64
    /// The time between two checks: short at first, while bytes that were on their way still arrive.
    private var pause: Int64

    private static let firstPause: Int64 = 50_000_000
    /// At least this many checks per write timeout: a stopped peer is noticed at most that part of it too late.
    private static let checks: Int64 = 8

    /// - Parameters:
    ///   - timeout: how long the peer may take nothing; `.max` for no limit.
    ///   - lifetimeEnd: when the connection reaches its maximum age; `.max` for never.
    init(timeout: Int64, lifetimeEnd: Int64, unacknowledged: Int, now: Int64) {
        self.timeout = timeout
        self.lifetimeEnd = lifetimeEnd
        self.unacknowledged = unacknowledged
        progress = now
        pause = Self.firstPause
    }

    /// Until when to wait for space before the next check.
    mutating func nextCheck(after now: Int64) -> Int64 {
        let end = progress.addingReportingOverflow(timeout)
        if end.overflow { return lifetimeEnd }
        pause = max(1, min(pause, timeout / Self.checks))
        defer { pause *= 2 }
        return min(end.partialValue, now + pause, lifetimeEnd)
    }

    /// There is still no space: the reason to wait no longer, if there is one.
    mutating func check(unacknowledged: Int, now: Int64) -> NitkaError.Reason? {
        if now >= lifetimeEnd { return .maximumAge }
        if unacknowledged < self.unacknowledged {
            self.unacknowledged = unacknowledged
            progress = now
        }
        return now - progress >= timeout ? .writeTimeout : nil
    }
}
