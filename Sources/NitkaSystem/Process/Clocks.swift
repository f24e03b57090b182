// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A moment on CLOCK_MONOTONIC, which never jumps.
package struct MonotonicTime: Comparable, Hashable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static var now: MonotonicTime { MonotonicTime(nanoseconds: readClock(CLOCK_MONOTONIC)) }

    /// 292 years after the machine started: a deadline that never passes.
    package static let distantFuture = MonotonicTime(nanoseconds: .max)

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// ``distantFuture`` where the sum overflows, so a limit may be of any length.
    package static func + (moment: Self, duration: Duration) -> Self {
        let (sum, overflow) = moment.nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return overflow ? .distantFuture : Self(nanoseconds: sum)
    }

    package static func - (moment: Self, duration: Duration) -> Self {
        Self(nanoseconds: moment.nanoseconds &- duration.clampedNanoseconds)
    }

    package static func - (later: Self, earlier: Self) -> Duration {
        .nanoseconds(later.nanoseconds &- earlier.nanoseconds)
    }

    var timespec: Glibc.timespec {
        Glibc.timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
}

func readClock(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
}

extension Duration {
    /// Whole nanoseconds; the limits of Int64 for a duration of more than 292 years.
    package var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carry ? .max : sum
    }
}

/// The time of day, for people to read. It may jump: never measure with it.
package enum WallClock {
    /// Now, in UTC with milliseconds: `2026-11-24T06:30:00.123Z` (RFC 3339).
    package static var text: String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        let milliseconds = String(1000 + now.tv_nsec / 1_000_000).dropFirst()
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
            strftime(text.baseAddress!, text.count, "%Y-%m-%dT%H:%M:%S", &parts)
            return String(cString: text.baseAddress!) + ".\(milliseconds)Z"
        }
    }
}
