// SPDX-License-Identifier: Apache-2.0

/// Decides how long a writer waits for buffer space: a pure value. All times are nanoseconds of the monotonic clock.
///
/// The kernel reports space when a third of its send buffer is free. A slow peer may need longer than the write timeout
/// for that, although it reads. So the detector measures progress by the bytes that the peer has acknowledged.
struct WriteStallDetector {
    private let timeout: Int64
    private let lifetimeEnd: Int64
    private var unacknowledged: Int
    /// When the peer last acknowledged bytes, as far as is known.
    private var progress: Int64
    /// The time until the next check. It starts short because bytes on their way still arrive, and doubles.
    private var pause: Int64

    private static let firstPause: Int64 = 50_000_000
    /// Checks per write timeout, at least: a stopped peer is noticed at most an eighth of the timeout late.
    private static let checks: Int64 = 8

    /// - Parameters:
    ///   - timeout: how long the peer may acknowledge nothing; `.max` for no limit.
    ///   - lifetimeEnd: when the connection reaches its maximum age; `.max` for never.
    init(timeout: Int64, lifetimeEnd: Int64, unacknowledged: Int, now: Int64) {
        self.timeout = timeout
        self.lifetimeEnd = lifetimeEnd
        self.unacknowledged = unacknowledged
        progress = now
        pause = Self.firstPause
    }

    /// When to check next, if there is no space before.
    mutating func nextCheck(after now: Int64) -> Int64 {
        let end = progress.addingReportingOverflow(timeout)
        if end.overflow { return lifetimeEnd }
        pause = max(1, min(pause, timeout / Self.checks))
        defer { pause *= 2 }
        return min(end.partialValue, now + pause, lifetimeEnd)
    }

    /// Returns the reason to give up, if there is one. Called while there is no space.
    mutating func check(unacknowledged: Int, now: Int64) -> NitkaError.Reason? {
        if now >= lifetimeEnd { return .maximumAge }
        if unacknowledged < self.unacknowledged {
            self.unacknowledged = unacknowledged
            progress = now
        }
        return now - progress >= timeout ? .writeTimeout : nil
    }
}
