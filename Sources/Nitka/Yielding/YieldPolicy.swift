// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel

/// When the readers of a server yield, and when they no longer do: a pure value, which is told the time.
struct YieldPolicy {
    /// What passing on one message takes at most where nothing but that is done.
    static let message = Duration.microseconds(20)
    /// Less than the shortest slice that the kernel gives to a program that computes.
    static let slack = Duration.microseconds(500)
    /// After turns that came too late nobody yields for so long: 1 s, 2 s and so on to the longest.
    static let firstPause = Duration.seconds(1)
    static let longestPause = Duration.seconds(64)
    /// When they have yielded for so many times the last pause, the next is the first again.
    static let goodPauses = 8

    private(set) var isOn = false
    private var pause = firstPause
    private var lastPause = Duration.zero
    /// Since when they yield, or until when they pause.
    private var moment = MonotonicTime(nanoseconds: 0)

    static func longestTurn(of readers: Int, on cores: Int) -> Duration { slack + message * readers / cores }

    /// Refused while they pause.
    mutating func begin(at now: MonotonicTime) -> Bool {
        guard now >= moment else { return false }
        isOn = true
        moment = now
        return true
    }

    mutating func stop(at now: MonotonicTime) {
        if now - moment >= lastPause * Self.goodPauses { pause = Self.firstPause }
        isOn = false
        moment = now + pause
        lastPause = pause
        pause = min(pause * 2, Self.longestPause)
    }
}
