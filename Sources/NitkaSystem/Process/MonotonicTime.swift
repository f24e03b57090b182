// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A moment on CLOCK_MONOTONIC, in nanoseconds: it neither jumps nor knows the time of day.
package struct MonotonicTime: Comparable, Hashable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static var now: MonotonicTime {
        var moment = Glibc.timespec()
        clock_gettime(CLOCK_MONOTONIC, &moment)
        return MonotonicTime(nanoseconds: Int64(moment.tv_sec) &* 1_000_000_000 &+ Int64(moment.tv_nsec))
    }

    /// The end of time, 292 years after the machine started.
    package static let distantFuture = MonotonicTime(nanoseconds: .max)

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// A moment too far off to be counted is the end of time: limits may be as long as anyone likes.
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

extension Duration {
    /// Whole nanoseconds; the largest Int64 for a duration of more than 292 years.
    package var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carry ? .max : sum
    }
}
