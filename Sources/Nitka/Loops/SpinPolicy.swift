// SPDX-License-Identifier: Apache-2.0

/// Whether a loop that has nothing to do looks again for a little while before it sleeps.
///
/// To wake a sleeping core takes tens of microseconds in a virtual machine, which one client that talks without pause
/// waits out with every message. It pays only where the next message comes at once: so a spin that was in vain is
/// followed by ever more sleeps without one, and where many clients keep the loop busy there is none.
struct SpinPolicy: Hashable {
    /// How long one spin lasts at most.
    static let longest = Duration.microseconds(50)
    /// With more than so many ready at once, the next are on their way, and sleep is short.
    static let fewReady = 1
    /// After vain spins in a row, sleeps without one: 1, 2, 4 and so on to this.
    static let mostSleeps = 4096

    private var hasFewClients = false
    private var sleepsLeft = 0
    private var penalty = 1

    /// To be asked once before each sleep.
    mutating func spins() -> Bool {
        if !hasFewClients { return false }
        if sleepsLeft == 0 { return true }
        sleepsLeft -= 1
        return false
    }

    /// So many were ready at the end of a sleep or a spin.
    mutating func reported(_ count: Int) { hasFewClients = count <= Self.fewReady }

    /// Bytes of a stream were moved: their sender waits for no answer before it sends more, and what comes while the
    /// loop sleeps is moved by one call.
    mutating func streamed() { hasFewClients = false }

    mutating func found() { penalty = 1 }

    mutating func foundNothing() {
        sleepsLeft = penalty
        penalty = min(penalty * 2, Self.mostSleeps)
    }

    /// Somebody else had to take the core away.
    mutating func wasInTheWay() {
        penalty = Self.mostSleeps
        sleepsLeft = penalty
    }
}
