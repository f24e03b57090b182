// SPDX-License-Identifier: Apache-2.0

/// The messages that a client has on their way, the oldest first. The oldest lies in the queue itself, since most clients
/// have no other one; those behind it in a ring, which grows when it is full.
struct MessageQueue {
    struct Message {
        /// When it was to be sent, and when it was.
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
            putBehind(message)
        }
    }

    /// Takes out the oldest.
    mutating func removeOldest() -> Message? {
        let message = oldest
        oldest = behind == 0 ? nil : takeFromRing()
        return message
    }

    private mutating func putBehind(_ message: Message) {
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
