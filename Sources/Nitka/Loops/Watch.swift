// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// What an event loop knows of one descriptor, and the tasks that wait for it: one reader and one writer.
///
/// Only the loop's thread touches it: no lock, no atomic.
final class Watch {
    /// Where the loop keeps it; no slot's until it is registered.
    @exclusivity(unchecked) var token = UInt64.max
    /// Something may be there to receive: only a receive that came back short, or empty-handed, says otherwise.
    @exclusivity(unchecked) var hasInput = false
    /// The peer has finished or is gone: no further report will come, so reading goes on until it finds out.
    @exclusivity(unchecked) var isHungUp = false
    /// Is room to send reported, too? Asked for when it is first needed: most clients never fill their send buffer.
    @exclusivity(unchecked) var reportsRoom = false
    /// Does its reader's wait end when the server drains and the input is quiet?
    var endsWhenQuiet = false
    /// Whose input the loop itself passes on while the reader waits; the task that waits keeps it alive.
    unowned(unsafe) var passer: AsyncConnection?
    /// Who works at the connection in the loop, rather than to pass its input on.
    var partner: (any LoopPartner)?
    @exclusivity(unchecked) var partnerMoment = Int64.max
    @exclusivity(unchecked) var reader = Waiter()
    @exclusivity(unchecked) var writer = Waiter()
    /// The earliest moment that the loop's timers hold for it: `.max` when they hold none.
    @exclusivity(unchecked) var alarm = Int64.max
    /// A later moment that they hold for it, too, from before an earlier one was needed; `.max` for none.
    @exclusivity(unchecked) var laterAlarm = Int64.max

    /// When the first of those who wait has waited long enough.
    var due: Int64 { min(reader.due, writer.due) }
}

/// A task that is suspended until something happens or a moment has come.
struct Waiter {
    /// What ended the wait.
    enum Outcome {
        case ready
        case timedOut
    }

    private var continuation: UnsafeContinuation<Outcome, Never>?
    /// In nanoseconds of ``NitkaSystem/MonotonicTime``.
    private var deadline = Int64.max

    var isWaiting: Bool { continuation != nil }

    var due: Int64 { continuation == nil ? .max : deadline }

    mutating func wait(_ continuation: UnsafeContinuation<Outcome, Never>, until deadline: Int64) {
        assert(!isWaiting, "one task waits at a time")
        self.continuation = continuation
        self.deadline = deadline
    }

    /// Ends the wait earlier than was asked for; never later.
    mutating func hurry(_ moment: Int64) { deadline = min(deadline, moment) }

    /// The wait goes on anew.
    mutating func putOff(_ moment: Int64) { deadline = moment }

    mutating func resume(_ outcome: Outcome) {
        continuation.take()?.resume(returning: outcome)
    }
}
