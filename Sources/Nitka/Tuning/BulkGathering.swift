// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Whether a relay of bulk waits until much has arrived before it splices: a pure value.
///
/// Gain: a wake-up for each piece of about 100 kB costs a fifth of all that a stream costs. A sender that never pauses
/// never lets the relay wait in vain. One that sends much and then waits for an answer does, so each vain wait is followed
/// by 4 times as many splices without one.
struct BulkGathering: Hashable {
    /// How much to wait for: 3 pieces as the kernel joins them. With more, a MB costs less and the throughput falls: what
    /// was gathered has left the processor's nearer caches.
    static let bytes = 3 * 65_000
    /// How long to wait at most.
    static let longest = Duration.milliseconds(2)

    enum Step {
        /// Splice at once.
        case splice
        /// Set the socket's low-water mark (SO_RCVLOWAT), and wait.
        case setMarkAndWait
        case wait
    }

    private(set) var isOn = false
    private var pause = 64
    private var splicesLeft = 64
    private var known = 0

    /// What to do before the next splice.
    mutating func next() -> Step {
        if isOn { return known > 0 ? .splice : .wait }
        splicesLeft -= 1
        if splicesLeft > 0 { return .splice }
        isOn = true
        return .setMarkAndWait
    }

    /// This many bytes are there to be read; 0 at the end of the stream, which has to be read too.
    mutating func found(_ bytes: Int) { known = max(1, bytes) }

    mutating func took(_ bytes: Int) { known -= bytes }

    /// Too little arrived in time, or the server drains.
    mutating func gaveUp() {
        isOn = false
        pause = min(pause * 4, 1 << 20)
        splicesLeft = pause
        known = 0
    }
}
