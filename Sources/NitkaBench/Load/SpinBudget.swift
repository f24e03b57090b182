// SPDX-License-Identifier: Apache-2.0

/// Decides whether a loop polls for a short time before it sleeps.
///
/// In a virtual machine it takes tens of microseconds to wake a sleeping core. A single client would measure that time
/// with every message. With several clients in flight the loop rarely sleeps, and spinning takes the core from the server.
struct SpinBudget: Hashable {
    /// The longest spin, in nanoseconds.
    static let longest: Int64 = 50_000
    /// The longest run of sleeps without a spin.
    static let mostSleeps = 4096

    private var hasOneClient = false
    private var sleepsLeft = 0
    private var penalty = 1

    /// Call it once before each sleep.
    mutating func allowsSpin() -> Bool {
        if !hasOneClient { return false }
        if sleepsLeft == 0 { return true }
        sleepsLeft -= 1
        return false
    }

    /// A sleep ended with so many events.
    mutating func reported(_ count: Int) { hasOneClient = count <= 1 }

    /// A spin ended with so many events. After each vain spin the next one comes later: after 1, 2, 4, … sleeps.
    mutating func spun(_ count: Int, wasPreempted: Bool) {
        if wasPreempted {
            // Another thread needed the core.
            (sleepsLeft, penalty) = (Self.mostSleeps, Self.mostSleeps)
        } else if count > 0 {
            hasOneClient = count == 1
            penalty = 1
        } else {
            sleepsLeft = penalty
            penalty = min(penalty * 2, Self.mostSleeps)
        }
    }
}
