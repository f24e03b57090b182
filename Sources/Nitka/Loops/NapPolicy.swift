// SPDX-License-Identifier: Apache-2.0

/// Whether a loop that moves nothing but streams sleeps for a fixed while when it has moved all that has come.
///
/// A loop that waits instead is woken for every piece that a sender sends, at a cost to both, and acknowledges each.
/// After a nap the pieces of that while are moved by few calls, and have not left the processor's near caches yet.
///
/// It pays only where senders go on meanwhile. Who has a small window, or waits for an answer, stands still: so what
/// all streams together move in a second with naps is held against what they moved without, and where it is clearly less
/// there are none, for longer each time.
struct NapPolicy: Hashable {
    /// The kernel adds some 50 µs, see PR_SET_TIMERSLACK(2const).
    static let length = Duration.microseconds(300)
    /// A decision rests on so many sleeps. As many before them are left out, in which the senders' windows adapt.
    static let sample = 256
    /// Naps go on while so much of the bytes a second is left.
    static let least = 0.8
    /// After so many samples with naps it is measured anew what moves without.
    static let samplesWithNaps = 16
    static let longestPause = 65_536
    /// So long after somebody else than a stream wanted something there are none, in nanoseconds.
    static let quietTime: Int64 = 250_000_000
    /// When nothing came for longer, the streams have paused, and the sample says nothing.
    static let longestGap: Int64 = 50_000_000

    private enum Phase: Hashable {
        case without
        case with(samplesLeft: Int)
    }

    private var phase = Phase.without
    private var sleepsLeft = 2 * sample
    private var pause = 2 * sample
    private var began: Int64 = 0
    private var last = Int64.min
    private var bytes = 0
    private var rateWithout = 0.0
    private var hasMoved = false
    private(set) var isToEnd = false
    private var quietUntil = Int64.min

    /// So many bytes of a stream were moved.
    mutating func moved(_ count: Int) {
        bytes &+= count
        hasMoved = true
    }

    /// Somebody wants something of the loop that is no stream: no naps for a while.
    mutating func end() { isToEnd = true }

    /// To be asked once before each sleep.
    ///
    /// - Parameter now: when the kernel last reported, in nanoseconds.
    mutating func naps(at now: Int64) -> Bool {
        if isToEnd { beQuiet(at: now) }
        guard hasMoved, now >= quietUntil else { return false }
        hasMoved = false
        if now &- Self.longestGap > last { sleepsLeft = max(sleepsLeft, 2 * Self.sample) }
        last = now
        sleepsLeft -= 1
        if sleepsLeft == Self.sample { (began, bytes) = (now, 0) }
        if sleepsLeft == 0 { decide(rate: Double(bytes) / Double(max(1, now &- began))) }
        return phase != .without
    }

    /// What was found out about naps that did not pay is kept.
    private mutating func beQuiet(at now: Int64) {
        isToEnd = false
        quietUntil = now &+ Self.quietTime
        if phase != .without { (phase, sleepsLeft) = (.without, 2 * Self.sample) }
    }

    private mutating func decide(rate: Double) {
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
