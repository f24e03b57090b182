// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// One client of a check, used by one thread: sends its own stream, and holds what comes back against it.
final class CheckClient {
    let number: Int
    let connection: Connection
    let context: StageContext
    /// How much of its stream was sent, and came back.
    var sent: UInt64 = 0
    var received: UInt64 = 0
    var hasEndedSending = false
    /// What is wrong is told from what came already, without waiting for more.
    var isBrief = false
    /// Who sends for it on another thread.
    var writer: StreamWriter?

    init(_ number: Int, _ connection: Connection, _ context: StageContext) {
        self.number = number
        self.connection = connection
        self.context = context
    }

    deinit { connection.close() }

    /// Sends what comes next of its stream.
    func send(_ count: Int) throws(StageFailure) {
        do throws(NitkaError) {
            try context.payload.write(count, of: number, from: sent, to: connection)
            sent += UInt64(count)
        } catch {
            throw failure(of: error, "sending")
        }
    }

    /// Sends all that it ever will, on another thread.
    ///
    /// A server that gives back little takes little too: whether it is stuck shows in what comes back. So the writer may
    /// wait as long as the stage.
    func stream(_ count: Int, endsSending: Bool) throws(StageFailure) -> StreamWriter {
        connection.writeTimeout = max(.milliseconds(1), context.deadline - .now)
        let writer = StreamWriter()
        try writer.start(count, to: connection, as: number, of: context.payload, endsSending: endsSending)
        self.writer = writer
        sent += UInt64(count)
        hasEndedSending = endsSending
        return writer
    }

    func endSending() {
        connection.endSending()
        hasEndedSending = true
    }

    /// What one read brought, of what is owed.
    enum Arrival {
        case bytes([UInt8])
        case end
        case silence
    }

    /// Reads once, without judging; waits until the deadline, and the timeout at most.
    func read(until deadline: MonotonicTime) throws(StageFailure) -> Arrival {
        try read(within: min(context.settings.timeout, deadline - .now))
    }

    /// Reads once, without judging.
    func read(within patience: Duration) throws(StageFailure) -> Arrival {
        guard connection.isReadable(within: patience) else { return .silence }
        do throws(NitkaError) {
            if let bytes = try connection.read() { return .bytes(bytes) }
        } catch {
            throw failure(of: error, "receiving")
        }
        // Then it was ended from here.
        if context.watch.isOver { throw tooSlow }
        return .end
    }
}
