// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaSystem

/// Handles the bytes of both directions. One thread calls `sending`, another calls `received` and `receivingEnded`.
protocol ConnectSession: Sendable {
    /// Handles bytes of standard input before they are written to the server.
    func sending(_ bytes: [UInt8])

    /// Handles bytes from the server; returns false if the output can't be written.
    func received(_ bytes: [UInt8]) -> Bool

    /// No more bytes will be received: `sending` must not wait for any.
    func receivingEnded()

    /// Prints the result after both directions have ended; returns the exit code.
    func finish(_ end: ConversationEnd) -> Int32
}

/// How a conversation ended.
struct ConversationEnd: Sendable {
    /// The error of the connection, unless this side ended the connection because the output can't be written.
    var failure: NitkaError?
    /// Why standard input can't be read.
    var inputFailure: Errno?
    /// True if the server ended its stream before standard input ended.
    var isServerFirst = false
    fileprivate var isOutputLost = false
}

/// Copies both directions of a connection at the same time: standard input to the server on the calling thread, and the
/// server's bytes to the session on a thread of its own.
struct Conversation {
    private let connection: Connection
    private let session: any ConnectSession

    init(_ connection: Connection, _ session: any ConnectSession) {
        self.connection = connection
        self.session = session
    }

    /// Copies until both directions have ended; returns the exit code.
    func run() throws -> Int32 {
        let (connection, session) = (connection, session)
        let serverEnded = try WakeEvent()
        let end = Monitor(ConversationEnd())
        let reader = try KernelThread(named: "nitka-receive") {
            do throws(NitkaError) {
                while let bytes = try connection.read() {
                    if session.received(bytes) { continue }
                    end.withLock { $0.isOutputLost = true }
                    // Otherwise the other thread could wait forever: nothing takes the server's bytes, so the server
                    // takes none either.
                    connection.shutDown()
                    break
                }
            } catch {
                end.withLock { $0.failure = error }
            }
            session.receivingEnded()
            serverEnded.raise()
        }
        do throws(NitkaError) {
            try send(until: serverEnded, end)
            connection.closeWrite()
        } catch {
            // The reader still reads what the server sent before the failure, and its own error names the cause.
            end.withLock { $0.failure = $0.failure ?? error }
        }
        reader.join()
        return end.withLock { end in
            if end.isOutputLost { end.failure = nil }
            let code = session.finish(end)
            guard let failure = end.inputFailure else { return code }
            printError("read standard input: \(failure)")
            return max(code, Exit.notJudged.rawValue)
        }
    }

    /// Sends standard input until it ends, or until the server has ended its stream.
    private func send(until serverEnded: WakeEvent, _ end: Monitor<ConversationEnd>) throws(NitkaError) {
        let block = ByteBlock(count: 64 * 1024)
        let input = StandardStream.input
        while poll([serverEnded.descriptor.number, input.rawValue], until: nil) == 1 {
            let count: Int
            do throws(Errno) {
                count = try input.readSome(into: block)
            } catch {
                end.withLock { $0.inputFailure = error }
                return
            }
            if count == 0 { return }
            let bytes = block.array(count)
            session.sending(bytes)
            try connection.write(bytes)
        }
        end.withLock { $0.isServerFirst = $0.failure == nil && !$0.isOutputLost }
    }
}
