// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Messages that were received one after another, and are then sent one after another: where there is a ring, by one
/// call.
///
/// A receive and a send each go through more of the kernel's code than the processor's first cache holds: in turns, each
/// has to fetch its own anew.
struct MessageBatch: ~Copyable {
    /// So many wait for one another at most: a few dozen microseconds.
    static let most = SendRing.most

    struct Message {
        /// Its task waits, which keeps it alive: no job runs before the batch is sent.
        unowned(unsafe) let source: AsyncConnection
        let bytes: Range<Int>
        /// What it comes to when all of it is sent.
        let passed: AsyncConnection.Passed
    }

    let block = ByteBlock(count: EventLoop.blockBytes)
    private var messages: [Message] = []
    /// Where the next one goes.
    private(set) var place = 0

    private let ring: SendRing?

    init(ring: SendRing?) {
        self.ring = ring
        messages.reserveCapacity(Self.most)
    }

    /// Has the next receive too little room, or have those before it waited enough?
    var isFull: Bool { messages.count == Self.most || place > block.count / 2 }

    mutating func append(_ count: Int, from source: AsyncConnection, passed: AsyncConnection.Passed) {
        messages.append(Message(source: source, bytes: place..<place + count, passed: passed))
        // To the next line of the cache.
        place = min((place + count + 63) & ~63, block.count)
    }

    /// Sends them all, and is empty again.
    mutating func send() {
        if messages.isEmpty { return }
        // For one message the ring is no shorter way.
        let ring = messages.count > 1 ? ring : nil
        if let ring { send(by: ring) }
        for (number, message) in messages.enumerated() {
            message.source.sendInLoop(message, of: block, after: ring.map { ($0, number) })
        }
        messages.removeAll(keepingCapacity: true)
        place = 0
    }

    private func send(by ring: SendRing) {
        for (number, message) in messages.enumerated() {
            message.source.target?.socket.send(block, message.bytes, by: ring, number: number)
        }
        ring.go(messages.count)
    }
}
