// SPDX-License-Identifier: Apache-2.0

/// Whether one reader yields before its next message: a pure value.
///
/// It pays where a message has come when the turn comes. A client that has a core for itself finds none, and tries ever
/// more seldom.
struct YieldHabit {
    /// A client's first messages come without a turn: many clients have no more.
    static let firstMessages: UInt16 = 4
    /// After turns in vain, so many messages come without: none, 1, 2, 4 and so on to the most. After the first there is
    /// none: where many clients pause at once, those who yield again would stand behind those who do not yet.
    static let longestRest: UInt16 = 1024
    /// While nobody yields, each reader asks once in so many messages whether all may begin.
    static let askedEach: UInt16 = 64
    /// By so much in all may turns come too late, in nanoseconds. A quarter of each turn in time makes up for it, so that
    /// one program may take a fifth of a core unnoticed; and for one turn no more than a slice of 4 ms counts, since a
    /// machine may stand still.
    static let mostLost: Int64 = 17_000_000
    static let mostOfOneTurn: Int64 = 4_000_000

    /// Is the reader counted among those who yield?
    var isCounted = false
    private var rest = firstMessages
    private var nextRest: UInt16 = 0
    private var messagesUntilAsked = askedEach
    private var lost: Int64 = 0

    /// While nobody yields, before each message: is it time to ask whether all may begin?
    mutating func asks() -> Bool {
        if rest > 0 { rest -= 1 }
        lost = 0
        messagesUntilAsked -= 1
        if messagesUntilAsked > 0 { return false }
        messagesUntilAsked = Self.askedEach
        return true
    }

    /// While the others do, before each message.
    mutating func yields() -> Bool {
        if rest == 0 { return true }
        rest -= 1
        return false
    }

    /// More may have come than there was room for: the next read finds it at once.
    mutating func filledItsRoom() { rest = max(rest, 1) }

    mutating func found() { nextRest = 0 }

    mutating func foundNothing() {
        rest = nextRest
        nextRest = min(max(1, nextRest * 2), Self.longestRest)
    }

    /// A turn has come, after so many nanoseconds.
    ///
    /// - Returns: are all to stop?
    mutating func tookTurn(_ turn: Int64, longest: Int64) -> Bool {
        if turn <= longest {
            lost -= min(lost, turn / 4)
            return false
        }
        lost += min(turn - longest, Self.mostOfOneTurn)
        guard lost > Self.mostLost else { return false }
        lost = 0
        return true
    }
}
