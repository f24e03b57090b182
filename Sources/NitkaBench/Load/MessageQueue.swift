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

/// When the messages of one client are due in an open loop. The messages of all clients together are evenly spaced.
struct Schedule: Hashable {
    private let start: Int64
    private let first: Double
    private let period: Double
    private var index = 0.0

    /// - Parameters:
    ///   - start: when the first message of the first client is due, in nanoseconds.
    ///   - rate: messages per second of all clients together; more than 0.
    init(start: Int64, client: Int, of clients: Int, rate: Double) {
        self.start = start
        first = Double(client) * 1e9 / rate
        period = Double(clients) * 1e9 / rate
    }

    /// When the next message is due. It is computed from the first, so that rounding errors do not accumulate.
    var next: Int64 { start &+ Int64(min(first + index * period, 4e18)) }

    mutating func advance() { index += 1 }

    /// How many messages are still due before a moment.
    func count(before moment: Int64) -> Int {
        // Compared with `next` first: the division alone may round up to one more.
        next >= moment ? 0 : max(1, Int(((Double(moment &- start) - first) / period - index).rounded(.up)))
    }
}
