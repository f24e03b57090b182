// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// When a draining server does what: it waits for its clients, cuts off who is still at work, and in the end shuts
/// down who has not even taken the end of the stream.
struct DrainPlan: Hashable {
    enum Step: Hashable {
        case wait(until: MonotonicTime)
        case cutOff
        /// To be repeated until it is done: a handler may still hold on.
        case shutDown
        /// Everybody has gone.
        case done
    }

    private let cutOffTime: MonotonicTime
    let deadline: MonotonicTime
    private var hasCutOff = false

    /// The last quarter of the time, two seconds at most, is kept for those who have to be cut off: their last bytes
    /// and the end of the stream take a while to arrive.
    init(start: MonotonicTime, time: Duration) {
        deadline = start + time
        cutOffTime = start + (time - min(time / 4, .seconds(2)))
    }

    mutating func next(at now: MonotonicTime) -> Step {
        if now >= deadline { return .shutDown }
        if now >= cutOffTime, !hasCutOff {
            hasCutOff = true
            return .cutOff
        }
        return .wait(until: hasCutOff ? deadline : cutOffTime)
    }
}
