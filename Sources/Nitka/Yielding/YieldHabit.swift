// SPDX-License-Identifier: Apache-2.0

/// Whether one reader yields before its next message: a pure value.
///
/// It pays where a message has come when the turn comes. A client that has a core for itself finds none, and tries ever
/// more seldom.
struct YieldHabit {
    /// A client's first messages come without: many clients have no more.
    static let firstMessages: UInt16 = 4
    /// After turns in vain, so many messages come without: none, 1, 2, 4 and so on to the most. After the first there is
    /// none, since where many clients pause at once, those that yield anew would wait for those that do not yet.
    static let longestRest: UInt16 = 1024
    /// One of so many turns is timed, beside the first, and those after one that came too late.
    static let timedEach: UInt8 = 16
    /// A turn that comes too late weighs so much, and one that comes in time takes 1 from that: beside a program that
    /// computes, a turn or two come in time after each of its slices.
    static let lateWeight: UInt8 = 4
    /// Two late turns are an accident, or others have not begun yet.
    static let mostLateness: UInt8 = 9
    /// While nobody yields, each reader asks once in so many messages whether all may begin.
    static let askedEach: UInt16 = 64

    enum Step {
        case block
        case yield
        /// Ask whether all may begin; this time block.
        case ask
    }

    private var rest = firstMessages
    private var nextRest: UInt16 = 0
    private var unasked = askedEach
    private var untimed: UInt8 = 0
    private var lateness: UInt8 = 0
    private var hasMore = false

    /// To be asked before each message.
    ///
    /// - Parameter othersDo: do the other readers of the server yield?
    mutating func next(othersDo: Bool) -> Step {
        if hasMore {
            hasMore = false
            return .block
        }
        let isResting = rest > 0
        if isResting { rest -= 1 }
        if othersDo { return isResting ? .block : .yield }
        unasked -= 1
        if unasked > 0 { return .block }
        unasked = Self.askedEach
        return .ask
    }

    /// More may have come than there was room for: the next read finds it at once.
    mutating func filledItsRoom() { hasMore = true }

    mutating func found() { nextRest = 0 }

    mutating func foundNothing() {
        rest = nextRest
        nextRest = min(max(1, nextRest * 2), Self.longestRest)
        untimed = 0
    }

    /// To be asked once before each turn.
    mutating func isTimed() -> Bool {
        if lateness > 0 { return true }
        defer { untimed = untimed == 0 ? Self.timedEach - 1 : untimed - 1 }
        return untimed == 0
    }

    /// A turn that was timed has come.
    ///
    /// - Returns: are all to stop?
    mutating func tookTurn(tooLate: Bool) -> Bool {
        if !tooLate {
            lateness -= lateness > 0 ? 1 : 0
            return false
        }
        lateness += Self.lateWeight
        if lateness <= Self.mostLateness { return false }
        lateness = 0
        return true
    }
}
