// SPDX-License-Identifier: Apache-2.0

/// Whether a loop that has nothing to do polls for a short time before it sleeps.
///
/// Gain: the round trip of 1 client takes 20 µs instead of 57 µs: a sleeping core of a virtual machine wakes slowly
/// (`Benchmarks/run.py --only trip`, 2026-11-26). After each poll that finds nothing, the loop sleeps twice as often
/// before the next poll. A loop with many busy clients never polls.
struct BusyPollPolicy: Hashable {
    /// The longest busy poll.
    static let longest = Duration.microseconds(50)
    /// If one wait finds more ready clients than this, do not poll: the next message arrives soon anyway.
    static let fewReady = 1
    /// The largest number of sleeps between two polls; it doubles from 1 with each vain poll in a row.
    static let mostSleeps = 4096

    private var hasFewClients = false
    private var sleepsLeft = 0
    private var penalty = 1

    /// Called once before each sleep.
    mutating func polls() -> Bool {
        if !hasFewClients { return false }
        if sleepsLeft == 0 { return true }
        sleepsLeft -= 1
        return false
    }

    /// Called after a sleep, with the number of ready clients.
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

    /// Called for bulk: its sender waits for no answer before it sends more.
    mutating func movedBulk() { hasFewClients = false }
}
