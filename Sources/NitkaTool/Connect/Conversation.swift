// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// Handles the bytes of both directions. One thread calls `sending`, another calls `received`.
protocol ConnectSession: Sendable {
    /// Handles bytes of standard input before they are written to the server.
    func sending(_ bytes: [UInt8])

    /// Handles bytes from the server; returns false to stop reading.
    func received(_ bytes: [UInt8]) -> Bool

    /// Prints the result after both directions have ended; returns the exit code.
    func finish(failure: NitkaError?) -> Int32
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
        let failure = Monitor<NitkaError?>(nil)
        let reader = try KernelThread(named: "nitka-receive") {
            do throws(NitkaError) {
                while let bytes = try connection.read() {
                    if !session.received(bytes) { break }
                }
            } catch {
                failure.withLock { $0 = error }
            }
            serverEnded.raise()
        }
        do throws(NitkaError) {
            try send(until: serverEnded)
            connection.closeWrite()
        } catch {
            // The reader still reads what the server sent before the failure, and its own error names the cause.
            failure.withLock { $0 = $0 ?? error }
        }
        reader.join()
        return session.finish(failure: failure.withLock { $0 })
    }

    /// Sends standard input until it ends, or until the server has ended its stream.
    private func send(until serverEnded: WakeEvent) throws(NitkaError) {
        let block = ByteBlock(count: 64 * 1024)
        let input = StandardStream.input
        while poll([serverEnded.descriptor.number, input.rawValue], until: nil) == 1 {
            guard let count = try? input.readSome(into: block), count > 0 else { return }
            let bytes = block.array(count)
            session.sending(bytes)
            try connection.write(bytes)
        }
    }
}
