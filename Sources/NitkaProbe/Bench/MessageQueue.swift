// SPDX-License-Identifier: Apache-2.0

/// The messages that a client has on their way, the oldest first: a ring that grows when it is full.
struct MessageQueue {
    struct Message {
        /// When it was to be sent, and when it was.
        let due: Int64
        let sent: Int64
    }

    private var ring: [Message]
    private var head = 0
    private(set) var count = 0

    init(capacity: Int = 1) { ring = Array(repeating: Message(due: 0, sent: 0), count: max(1, capacity)) }

    var oldest: Message? { count == 0 ? nil : ring[head] }

    mutating func append(_ message: Message) {
        if count == ring.count { grow() }
        let place = head + count
        ring[place < ring.count ? place : place - ring.count] = message
        count += 1
    }

    /// Takes out the oldest, of which the caller knows that it is there.
    mutating func removeOldest() -> Message {
        let message = ring[head]
        head = head + 1 < ring.count ? head + 1 : 0
        count -= 1
        return message
    }

    mutating func removeAll() { (head, count) = (0, 0) }

    private mutating func grow() {
        var larger = Array(ring[head...])
        larger += ring[..<head]
        larger += Array(repeating: Message(due: 0, sent: 0), count: ring.count)
        (ring, head) = (larger, 0)
    }
}
