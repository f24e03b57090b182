// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// Writes a piece of a client's stream on a thread of its own, so that both directions are busy at once.
final class StreamWriter: Sendable {
    private let isComplete = Monitor(false)
    private let threads = ThreadChain()

    /// Has the last byte been handed to the kernel?
    var isDone: Bool { isComplete.withLock { $0 } }

    /// - Parameter endsSending: whether the sending side ends after the last byte.
    func start(
        _ count: Int, to connection: Connection, as client: Int, of payload: Payload, endsSending: Bool
    ) throws(StageFailure) {
        do {
            try threads.start(named: "nitka-writer") { [isComplete] in
                // What ends it early ends the reading too, which says why.
                guard (try? payload.write(count, of: client, from: 0, to: connection)) != nil else { return }
                if endsSending { connection.endSending() }
                isComplete.update { $0 = true }
            }
        } catch {
            throw StageFailure(.noThread, "this machine gives no more threads")
        }
    }

    /// Waits until it has ended. What it is blocked in ends when the connection is shut down.
    func join() { _ = threads.join(until: nil) }
}

extension Payload {
    /// Writes a piece of a client's stream, in blocks.
    func write(
        _ count: Int, of client: Int, from offset: UInt64, to connection: Connection
    ) throws(NitkaError) {
        var block = [UInt8](repeating: 0, count: min(count, 64 * 1024))
        var sent = 0
        while sent < count {
            let piece = min(block.count, count - sent)
            var room = block.mutableSpan
            fill(&room, client: client, offset: offset + UInt64(sent))
            try connection.write(block.span.bytes.extracting(first: piece))
            sent += piece
        }
    }
}
