// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// The clients that are still in the backlog when the time of a drain is over.
///
/// Each one is accepted, gets the end of the stream, and is recorded as cut off. Closing the listener instead would reset
/// all of them, and no record would count them.
struct LateClients: ~Copyable {
    fileprivate struct LateClient {
        let client: Client
        var closing: GracefulClose
        var lastInput = MonotonicTime.now
    }

    private let sockets: [ListeningSocket]
    private let serving: Serving
    private let deadline: MonotonicTime
    private var clients: [LateClient] = []

    /// How often it checks every client: the peers need a round trip.
    private static let pollInterval = Duration.milliseconds(5)

    init(_ sockets: [ListeningSocket], _ serving: Serving) {
        self.sockets = sockets
        self.serving = serving
        deadline = serving.closeDeadline
    }

    /// Blocks the calling thread until all of them have ended, or the drain shuts down every client.
    consuming func end() {
        acceptAll()
        closeFinished()
        while !clients.isEmpty, .now < deadline {
            _ = poll([], until: .now + Self.pollInterval)
            // A shortage of descriptors may be over.
            acceptAll()
            closeFinished()
        }
        for late in clients { close(late.client) }
    }

    private mutating func acceptAll() {
        for socket in sockets {
            while case .client(let descriptor, let peer)? = try? socket.descriptor.accept(nonblocking: true) {
                let client = serving.admitLate(descriptor, SocketAddress(peer))
                let closing = GracefulClose(deadline: deadline, limit: Serving.discardLimit)
                clients.append(LateClient(client: client, closing: closing))
            }
        }
    }

    private mutating func closeFinished() {
        for index in clients.indices.reversed() where clients[index].isFinished(at: .now) {
            close(clients.remove(at: index).client)
        }
    }

    private func close(_ client: Client) {
        client.connection.close()
        serving.recordCutOff(client)
    }
}

extension LateClients.LateClient {
    /// Discards what has arrived; returns true when the peer can lose nothing more.
    fileprivate mutating func isFinished(at now: MonotonicTime) -> Bool {
        let unacknowledged = client.connection.socket.unacknowledged
        while true {
            switch closing.next(unacknowledged: unacknowledged, at: now) {
            case .close: return true
            case .wait: return false
            case .discard: break
            }
            switch client.connection.discardArrived() {
            case .endOfStream: return true
            case .bytes(let count):
                closing.noteDiscarded(count)
                lastInput = now
            case .nothing:
                if now - lastInput < GracefulClose.quietTime { return false }
                closing.noteQuiet()
                return closing.next(unacknowledged: unacknowledged, at: now) == .close
            }
        }
    }
}
