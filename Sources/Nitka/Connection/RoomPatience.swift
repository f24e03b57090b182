// SPDX-License-Identifier: Apache-2.0

/// How long a writer goes on waiting for room: a pure value, which is told the time in nanoseconds.
///
/// The kernel reports room when a third of its buffer is free again. To a slow peer that may take longer than the write
/// timeout, though the peer takes something all the time: what it has not acknowledged yet tells the two apart.
struct RoomPatience {
    private let patience: Int64
    private let lastMoment: Int64
    private var unacknowledged: Int
    /// When the peer was last known to take something.
    private var progress: Int64
    /// From one look to the next: short at first, while what was on its way still arrives.
    private var pause: Int64

    private static let firstPause: Int64 = 50_000_000
    /// So many looks, at least, are in the write timeout: a peer that stops is given up that much of it too late at most.
    private static let looks: Int64 = 8

    /// - Parameters:
    ///   - patience: for how long the peer may take nothing; `.max` for ever.
    ///   - lastMoment: when the connection is too old; `.max` for never.
    init(patience: Int64, lastMoment: Int64, unacknowledged: Int, now: Int64) {
        self.patience = patience
        self.lastMoment = lastMoment
        self.unacknowledged = unacknowledged
        progress = now
        pause = Self.firstPause
    }

    /// Until when to wait for room before the next look.
    mutating func nextLook(after now: Int64) -> Int64 {
        let end = progress.addingReportingOverflow(patience)
        if end.overflow { return lastMoment }
        pause = max(1, min(pause, patience / Self.looks))
        defer { pause *= 2 }
        return min(end.partialValue, now + pause, lastMoment)
    }

    /// There is still no room: why to wait no longer, if so.
    mutating func look(unacknowledged: Int, now: Int64) -> NitkaError.Reason? {
        if now >= lastMoment { return .tooLong }
        if unacknowledged < self.unacknowledged {
            self.unacknowledged = unacknowledged
            progress = now
        }
        return now - progress >= patience ? .stalled : nil
    }
}
