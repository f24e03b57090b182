// SPDX-License-Identifier: Apache-2.0

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
