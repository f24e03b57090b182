// SPDX-License-Identifier: Apache-2.0

/// Whether what comes is a stream, for which a pipe pays, or messages, for which it does not: told by how much one
/// receive brings.
struct StreamDetector: Hashable {
    /// So many receives in a row that fill the buffer are a stream.
    static let fullOnes = 4
    /// So many splices in a row that bring less than `fewBytes` are messages.
    static let smallOnes = 16
    static let fewBytes = 16 * 1024

    private var inARow = 0

    /// Is it a stream, after a receive that had room for `room` bytes?
    mutating func isStream(after count: Int, of room: Int) -> Bool {
        inARow = count == room ? inARow + 1 : 0
        return turn(at: Self.fullOnes)
    }

    /// Is it messages again, after a splice?
    mutating func isMessages(after count: Int) -> Bool {
        inARow = count < Self.fewBytes ? inARow + 1 : 0
        return turn(at: Self.smallOnes)
    }

    private mutating func turn(at limit: Int) -> Bool {
        if inARow < limit { return false }
        inARow = 0
        return true
    }
}
