// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// Copies the received bytes to standard output; with `--verify` also compares them with the sent bytes.
final class PipeSession: ConnectSession {
    private let comparison: Monitor<EchoComparison>?

    init(_ connection: Connection, verifies: Bool) {
        comparison = verifies ? Monitor(EchoComparison()) : nil
    }

    func sending(_ bytes: [UInt8]) {
        // Bound the memory: a server that reads everything may return nothing.
        _ = comparison?.wait { $0.takesMore ? true : nil }
        comparison?.update { $0.sent(bytes) }
    }

    func received(_ bytes: [UInt8]) -> Bool {
        comparison?.update { $0.received(bytes) }
        return StandardOutput.write(bytes.span.bytes)
    }

    func receivingEnded() { comparison?.update { $0.hasEnded = true } }

    func finish(_ end: ConversationEnd) -> Int32 {
        // If the output can't be written, the rest of the echo was not read: the server is not to blame for missing bytes.
        let isComplete = StandardOutput.failure == nil
        if let difference = comparison?.withLock({ isComplete ? $0.finalDifference : $0.difference }) {
            printError(difference)
            return 1
        }
        if let failure = end.failure {
            printError("\(failure)")
            return 2
        }
        return 0
    }
}

/// Compares sent with received bytes as they arrive.
struct EchoComparison {
    /// The maximum number of bytes that are sent and not yet received.
    static let maximumOutstanding = 256 << 20

    /// True if no more bytes will be received.
    var hasEnded = false
    /// True if more bytes may be sent. After a difference or the end of the stream, nothing would make space.
    var takesMore: Bool { outstanding < Self.maximumOutstanding || difference != nil || hasEnded }
    private var pending: [[UInt8]] = []
    private var first = 0
    private var offset = 0
    private(set) var outstanding = 0
    private var matched = 0
    private(set) var difference: String?

    mutating func sent(_ bytes: [UInt8]) {
        pending.append(bytes)
        outstanding += bytes.count
    }

    mutating func received(_ bytes: [UInt8]) {
        guard difference == nil else { return }
        for byte in bytes {
            guard first < pending.count else {
                difference = "the first difference is at offset \(matched): received a byte that was not sent"
                return
            }
            guard pending[first][offset] == byte else {
                difference =
                    "the first difference is at offset \(matched): sent \(pending[first][offset]), received \(byte)"
                return
            }
            matched += 1
            offset += 1
            if offset == pending[first].count { dropFirst() }
        }
    }

    /// The difference after the last received byte: missing bytes count.
    var finalDifference: String? {
        if let difference { return difference }
        let missing = outstanding - offset
        return missing == 0 ? nil : "the first difference is at offset \(matched): \(missing.counted("byte")) missing"
    }

    private mutating func dropFirst() {
        outstanding -= pending[first].count
        pending[first] = []
        first += 1
        offset = 0
        if first == 1024 {
            pending.removeFirst(first)
            first = 0
        }
    }
}
