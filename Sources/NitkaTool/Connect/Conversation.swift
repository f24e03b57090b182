// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// What is done with the bytes of either direction. `sending` is called by one thread, `received` by another.
protocol ConnectSession: Sendable {
    /// Bytes of standard input, before they are written to the server.
    func sending(_ bytes: [UInt8])

    /// Bytes from the server; false when there is no point in going on.
    func received(_ bytes: [UInt8]) -> Bool

    /// Both directions are over: the exit code.
    func finish(failure: NitkaError?) -> Int32
}

/// Both directions of a connection at once: standard input to the server, and on a thread of its own the server to
/// the session.
struct Conversation {
    private let connection: Connection
    private let session: any ConnectSession

    init(_ connection: Connection, _ session: any ConnectSession) {
        self.connection = connection
        self.session = session
    }

    /// Talks until both directions have ended; returns the exit code.
    func run() throws -> Int32 {
        let (connection, session) = (connection, session)
        let serverEnded = try WakeEvent.Shared()
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
            // The reader finds out why, and what the server said before it went.
            failure.withLock { $0 = $0 ?? error }
        }
        reader.join()
        return session.finish(failure: failure.withLock { $0 })
    }

    /// Until standard input ends, or the server has nothing more to say.
    private func send(until serverEnded: WakeEvent.Shared) throws(NitkaError) {
        let block = ByteBlock(count: 64 * 1024)
        let input = StandardStream.input
        while poll([serverEnded.number, input.rawValue], until: nil) == 1 {
            guard let count = try? input.readSome(into: block), count > 0 else { return }
            let bytes = block.array(count)
            session.sending(bytes)
            try connection.write(bytes)
        }
    }
}
