// SPDX-License-Identifier: Apache-2.0

/// The messages that a client has in flight, the oldest first. The oldest is stored inline, because most clients have no
/// other; the rest is in a ring buffer that grows when it is full.
struct MessageQueue {
    struct Message {
        /// When it was due and when it was sent, in nanoseconds.
        let due: Int64
        let sent: Int64
    }

    private(set) var oldest: Message?
    private var ring: [Message] = []
    private var head = 0
    private var behind = 0

    var count: Int { oldest == nil ? 0 : behind + 1 }

    mutating func append(_ message: Message) {
        if oldest == nil {
            oldest = message
        } else {
            appendToRing(message)
        }
    }

    /// Removes and returns the oldest message.
    mutating func removeOldest() -> Message? {
        let message = oldest
        oldest = behind == 0 ? nil : takeFromRing()
        return message
    }

    private mutating func appendToRing(_ message: Message) {
        if behind == ring.count { grow(message) }
        let place = head + behind
        ring[place < ring.count ? place : place - ring.count] = message
        behind += 1
    }

    private mutating func takeFromRing() -> Message {
        let message = ring[head]
        head = head + 1 < ring.count ? head + 1 : 0
        behind -= 1
        return message
    }

    private mutating func grow(_ filler: Message) {
        ring = Array(ring[head...] + ring[..<head]) + Array(repeating: filler, count: max(4, ring.count))
        head = 0
    }
}
