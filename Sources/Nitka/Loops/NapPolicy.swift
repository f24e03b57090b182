// SPDX-License-Identifier: Apache-2.0

/// Whether a loop that moves nothing but streams sleeps for a fixed while when it has moved all that has come.
///
/// A loop that waits instead is woken for every piece that a sender sends, at a cost to both, and acknowledges each.
/// After a nap the pieces of that while are moved by few calls, and have not left the processor's near caches yet.
///
/// It pays only where the sender goes on meanwhile. Who has a small window, or waits for an answer, stands still: so
/// what moves in a while with naps is held against what moved in one without, and where it is less there are none, for
/// longer each time. One message ends them: its sender is not to wait for a nap.
struct NapPolicy: Hashable {
    static let length = Duration.microseconds(300)
    /// So many sleeps are looked at before a decision: after as many that are not, in which the sender's window follows.
    static let sample = 256
    /// Naps go on while so much of the bytes a second is left.
    static let least = 0.8
    /// After so many samples with naps it is measured anew what moves without.
    static let samplesWithNaps = 16
    static let longestPause = 65_536

    private enum Phase: Hashable {
        case without
        case with(samplesLeft: Int)
    }

    private var phase = Phase.without
    private var sleepsLeft = 2 * sample
    private var pause = 2 * sample
    private var began: Int64?
    private var bytes = 0
    private var rateWithout = 0.0
    private var hasMoved = false
    private var hasHeardMessage = false

    /// So many bytes of a stream were moved.
    mutating func moved(_ count: Int) {
        bytes &+= count
        hasMoved = true
    }

    /// Bytes came that are no stream's.
    mutating func heardMessage() { hasHeardMessage = true }

    /// To be asked once before each sleep.
    ///
    /// - Parameter now: when the kernel last reported, in nanoseconds.
    mutating func naps(at now: Int64) -> Bool {
        if hasHeardMessage { startAgain() }
        guard hasMoved else { return false }
        hasMoved = false
        guard let began else {
            (self.began, bytes) = (now, 0)
            return false
        }
        sleepsLeft -= 1
        if sleepsLeft == Self.sample { (self.began, bytes) = (now, 0) }
        if sleepsLeft == 0 { decide(rate: Double(bytes) / Double(max(1, now &- began)), at: now) }
        return phase != .without
    }

    private mutating func startAgain() {
        hasHeardMessage = false
        hasMoved = false
        if began == nil { return }
        self = NapPolicy()
    }

    private mutating func decide(rate: Double, at now: Int64) {
        sleepsLeft = 2 * Self.sample
        switch phase {
        case .without:
            rateWithout = rate
            phase = .with(samplesLeft: Self.samplesWithNaps)
        case .with where rate < Self.least * rateWithout:
            phase = .without
            sleepsLeft = pause
            pause = min(pause * 4, Self.longestPause)
        case .with(let left):
            pause = 2 * Self.sample
            phase = left > 1 ? .with(samplesLeft: left - 1) : .without
        }
    }
}
