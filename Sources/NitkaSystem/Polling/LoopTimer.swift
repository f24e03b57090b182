// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux

/// A timerfd: readable from the moment on for which it was set.
///
/// A timeout in epoll_wait would set a timer of the kernel's with every wait, and take it back with every report: here
/// it is set when the moment changes.
package struct LoopTimer: ~Copyable, Sendable {
    package let descriptor: Descriptor

    package init() throws(Errno) { descriptor = Descriptor(owning: try systemCall { nitka_timer() }) }

    /// - Parameter nanoseconds: a moment of ``MonotonicTime``; one that is over makes it readable at once.
    package borrowing func set(_ nanoseconds: Int64) {
        // It fails only for what is no time, which the clamp excludes.
        _ = nitka_set_timer(descriptor.number, max(1, nanoseconds))
    }
}
