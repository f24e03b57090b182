// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Whether a thread that passes a stream on waits until much of it has come.
///
/// Woken for each piece, it costs a switch of threads for a hundred kilobytes, which is a fifth of all that a stream
/// costs. Who sends without end never lets it wait in vain; who sends a lot and then waits for the answer does, so that
/// each time in vain is followed by four times as many reads without waiting.
struct Gathering: Hashable {
    /// How much to wait for: three pieces as the kernel joins them, a little less than 64 KiB each. With more a MB costs
    /// less, and fewer pass by in a second: what has gathered has left the processor's nearer caches.
    static let bytes = 3 * 65_000
    /// How long at most.
    static let patience = Duration.milliseconds(2)

    enum Step {
        /// Read at once.
        case read
        /// Begin to wait for much.
        case begin
        /// Wait for much once more.
        case wait
    }

    private(set) var isOn = false
    private var pause = 64
    private var readsLeft = 64
    private var known = 0

    /// What comes before the next read.
    mutating func next() -> Step {
        if isOn { return known > 0 ? .read : .wait }
        readsLeft -= 1
        if readsLeft > 0 { return .read }
        isOn = true
        return .begin
    }

    /// So much lies there to be read; 0 at the end of the stream, which has to be read too.
    mutating func found(_ bytes: Int) { known = max(1, bytes) }

    mutating func took(_ bytes: Int) { known -= bytes }

    /// It has not come in time, or the server drains.
    mutating func gaveUp() {
        isOn = false
        pause = min(pause * 4, 1 << 20)
        readsLeft = pause
        known = 0
    }
}
