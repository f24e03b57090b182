// SPDX-License-Identifier: Apache-2.0

/// Whether a loop that has nothing to do polls for a short time before it sleeps.
///
/// Gain: the round trip of 1 client takes 20 µs instead of 57 µs, because waking a sleeping core takes tens of
/// microseconds in a virtual machine (`Benchmarks/run.py --only trip`, 2026-11-26). It pays only where the next message
/// arrives at once: each vain poll is followed by twice as many sleeps without one, and a loop with many busy clients
/// never polls.
struct BusyPollPolicy: Hashable {
    /// How long one busy poll lasts at most.
    static let longest = Duration.microseconds(50)
    /// With more clients ready at once than this, more messages are on their way, and the sleep is short.
    static let fewReady = 1
    /// After vain polls in a row, this many sleeps follow without one at most: 1, 2, 4 and so on.
    static let mostSleeps = 4096

    private var hasFewClients = false
    private var sleepsLeft = 0
    private var penalty = 1

    /// Ask once before each sleep.
    mutating func polls() -> Bool {
        if !hasFewClients { return false }
        if sleepsLeft == 0 { return true }
        sleepsLeft -= 1
        return false
    }

    /// This many clients were ready at the end of a sleep.
    mutating func reported(_ count: Int) { hasFewClients = count <= Self.fewReady }

    /// A busy poll has ended.
    ///
    /// - Parameter wasPreempted: another thread needed the core.
    mutating func polled(found count: Int, wasPreempted: Bool) {
        if wasPreempted {
            penalty = Self.mostSleeps
            sleepsLeft = penalty
        } else if count > 0 {
            reported(count)
            penalty = 1
        } else {
            sleepsLeft = penalty
            penalty = min(penalty * 2, Self.mostSleeps)
        }
    }

    /// A stream was moved: its sender waits for no answer before it sends more.
    mutating func movedBulk() { hasFewClients = false }
}
