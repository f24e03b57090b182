// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// The stages in which 1 client writes and reads at the same time: integrity and half-close.
extension StageContext {
    /// Streams in both directions at once, as fast as the server reads.
    func integrity(_ address: SocketAddress) throws(StageFailure) -> String {
        let client = try open(1, to: address)
        let began = MonotonicTime.now
        try streaming(settings.bulk, by: client, closesWrite: false) { () throws(StageFailure) in
            try client.receive(settings.bulk)
        }
        let rate = Double(settings.bulk) / max((MonotonicTime.now - began) / .seconds(1), 1e-9)
        return "\(Figures.bytes(Double(settings.bulk))) both ways at once, \(Figures.bytes(rate)) per second"
    }

    /// Sends, half-closes and reads slowly: bytes that the server and the path still hold must survive the half-close.
    func halfClose(_ address: SocketAddress) throws(StageFailure) -> String {
        let client = try open(1, to: address)
        let count = min(settings.bulk, 1 << 20)
        let size = Figures.bytes(Double(count))
        try streaming(count, by: client, closesWrite: true) { () throws(StageFailure) in
            var pauses = 16
            while client.received < UInt64(count) {
                if pauses > 0 { pause(.milliseconds(20)) }
                pauses -= 1
                try client.receive(1)
            }
            if try client.awaitEnd() == .never {
                throw StageFailure(.halfCloseIgnored, "\(size) came back, but the server did not end the stream")
            }
        }
        return "\(size) came back after the half-close, then FIN"
    }

    /// Writes on another thread while the body reads on this one.
    private func streaming(
        _ count: Int, by client: CheckClient, closesWrite: Bool, _ body: () throws(StageFailure) -> Void
    ) throws(StageFailure) {
        let writer = try client.stream(count, closesWrite: closesWrite)
        defer { writer.join() }
        do throws(StageFailure) {
            try body()
        } catch {
            // Otherwise the join would wait for a writer that is blocked because nothing reads its echo.
            client.connection.shutDown()
            throw error
        }
    }

    /// Blocks the thread: the condition never becomes true.
    private func pause(_ duration: Duration) { _ = Monitor(false).wait(until: .now + duration) { $0 ? true : nil } }
}

/// Writes a client's stream on its own thread, so that the client can read at the same time.
final class StreamWriter: Sendable {
    private let isComplete = Monitor(false)
    private let threads = ThreadGroup()

    /// Whether the kernel accepted the last byte.
    var isDone: Bool { isComplete.withLock { $0 } }

    /// Starts to write.
    ///
    /// - Parameter closesWrite: whether to half-close the connection after the last byte.
    func start(
        _ count: Int, to connection: Connection, as client: Int, of payload: Payload, closesWrite: Bool
    ) throws(StageFailure) {
        do {
            try threads.start(named: "nitka-writer") { [isComplete] in
                // The error is dropped: whatever ends the writing also ends the reading, which reports it.
                guard (try? payload.write(count, of: client, from: 0, to: connection)) != nil else { return }
                if closesWrite { connection.closeWrite() }
                isComplete.update { $0 = true }
            }
        } catch {
            throw StageFailure.noThread
        }
    }

    /// Waits until the thread ends. A write that blocks ends when the connection is shut down.
    func join() { _ = threads.join(until: nil) }
}

extension Payload {
    /// Writes a part of a client's stream in blocks.
    func write(
        _ count: Int, of client: Int, from offset: UInt64, to connection: Connection
    ) throws(NitkaError) {
        var block = [UInt8](repeating: 0, count: min(count, 64 * 1024))
        var sent = 0
        while sent < count {
            let piece = min(block.count, count - sent)
            var bytes = block.mutableSpan
            fill(&bytes, client: client, offset: offset + UInt64(sent))
            try connection.write(block.span.bytes.extracting(first: piece))
            sent += piece
        }
    }
}
