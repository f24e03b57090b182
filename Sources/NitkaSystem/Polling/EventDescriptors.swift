// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// An eventfd(2): any thread raises it, and it is readable until it is lowered.
package final class WakeEvent: Sendable {
    package let descriptor: Descriptor

    package init() throws(Errno) {
        descriptor = Descriptor(owning: try systemCall { eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK)) })
    }

    package func raise() {
        var one: UInt64 = 1
        // It fails only when the counter is full, and a full counter is readable.
        _ = Glibc.write(descriptor.number, &one, 8)
    }

    package func lower() {
        var count: UInt64 = 0
        _ = Glibc.read(descriptor.number, &count, 8)
    }
}

/// A timerfd on CLOCK_MONOTONIC: it is readable from the moment on for which it is set.
///
/// With a timeout in epoll_wait(2) the kernel would start a timer for every wait and stop it for every report. This one is
/// set only when the earliest moment changes.
package struct LoopTimer: ~Copyable, Sendable {
    package let descriptor: Descriptor

    package init() throws(Errno) {
        let flags = CInt(TFD_CLOEXEC | TFD_NONBLOCK)
        descriptor = Descriptor(owning: try systemCall { timerfd_create(CLOCK_MONOTONIC, flags) })
    }

    /// Sets the timer, and makes it unreadable until then.
    ///
    /// - Parameter nanoseconds: a moment of ``MonotonicTime``; a moment in the past makes the timer readable at once.
    package borrowing func set(_ nanoseconds: Int64) {
        // 0 would stop the timer. No other value is invalid, so the call does not fail.
        let moment = MonotonicTime(nanoseconds: max(1, nanoseconds)).timespec
        var setting = itimerspec(it_interval: timespec(), it_value: moment)
        _ = timerfd_settime(descriptor.number, CInt(TFD_TIMER_ABSTIME), &setting, nil)
    }
}
