// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// A client of a check: sends its own stream of bytes, and compares what comes back with it.
///
/// Only one thread may use it.
final class CheckClient {
    let number: Int
    let connection: Connection
    let context: StageContext
    /// The number of bytes of its stream that the client sent.
    var sent: UInt64 = 0
    /// The number of bytes that came back correctly.
    var received: UInt64 = 0
    var hasClosedWrite = false
    /// Whether a mismatch is diagnosed from the bytes at hand, without waiting for more.
    var diagnosesAtOnce = false
    /// Writes for this client on another thread.
    var writer: StreamWriter?

    init(_ number: Int, _ connection: Connection, _ context: StageContext) {
        self.number = number
        self.connection = connection
        self.context = context
    }

    deinit { connection.close() }

    /// Sends the next bytes of its stream.
    func send(_ count: Int) throws(StageFailure) {
        do throws(NitkaError) {
            try context.payload.write(count, of: number, from: sent, to: connection)
            sent += UInt64(count)
        } catch {
            throw failure(of: error, "sending")
        }
    }

    /// Sends the whole stream on another thread.
    ///
    /// The write timeout is the time left in the stage: a server that echoes slowly also reads slowly, so only the reads
    /// can show whether it is stuck.
    func stream(_ count: Int, closesWrite: Bool) throws(StageFailure) -> StreamWriter {
        connection.writeTimeout = max(.milliseconds(1), context.deadline - .now)
        let writer = StreamWriter()
        try writer.start(count, to: connection, as: number, of: context.payload, closesWrite: closesWrite)
        self.writer = writer
        sent += UInt64(count)
        hasClosedWrite = closesWrite
        return writer
    }

    func closeWrite() {
        connection.closeWrite()
        hasClosedWrite = true
    }

    /// Receives the next bytes of its stream, and compares them with what was sent.
    func receive(_ count: Int, until deadline: MonotonicTime? = nil) throws(StageFailure) {
        let end = received + UInt64(count)
        while received < end {
            switch try read(until: deadline ?? context.deadline) {
            case .bytes(let bytes): try accept(bytes)
            case .end: throw endedEarly
            case .silence: throw silence(missing: end - received, of: count)
            }
        }
    }

    /// Sends bytes, and receives their echo.
    func exchange(_ count: Int) throws(StageFailure) {
        try send(count)
        try receive(count)
    }

    /// How a connection ended.
    enum End {
        case finished
        case reset
        case never
    }

    /// Waits for the end of the stream. Only bytes that the server still owes may arrive before it.
    func awaitEnd() throws(StageFailure) -> End {
        while true {
            do throws(StageFailure) {
                switch try read(until: context.deadline) {
                case .bytes(let bytes): try accept(bytes)
                case .end: return .finished
                case .silence:
                    if let late = lateReply() { throw late }
                    return .never
                }
            } catch {
                if error.reason == .reset { return .reset }
                throw error
            }
        }
    }

    /// Compares received bytes with the stream. More bytes than were sent are a mismatch, too.
    func accept(_ bytes: [UInt8]) throws(StageFailure) {
        let owed = Int(clamping: sent - received)
        let difference = context.payload.firstDifference(in: bytes.span.bytes, client: number, offset: received)
        if difference == nil, bytes.count <= owed {
            received += UInt64(bytes.count)
            return
        }
        throw mismatch(bytes)
    }

    /// The result of one read.
    enum Arrival {
        case bytes([UInt8])
        case end
        case silence
    }

    /// Reads once, without comparing. Waits until the deadline, but no longer than the timeout.
    func read(until deadline: MonotonicTime) throws(StageFailure) -> Arrival {
        try read(within: min(context.settings.timeout, deadline - .now))
    }

    /// Reads once, without comparing.
    func read(within limit: Duration) throws(StageFailure) -> Arrival {
        guard connection.isReadable(within: limit) else { return .silence }
        do throws(NitkaError) {
            if let bytes = try connection.read() { return .bytes(bytes) }
        } catch {
            throw failure(of: error, "receiving")
        }
        // After a shutdown by the watchdog, the end of the stream is not the server's doing.
        if context.watchdog.isOver { throw overTimeLimit }
        return .end
    }
}
