// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension Connection {
    /// Ends both directions at once, from any thread: whoever is blocked in a read finds the end of the stream, whoever
    /// writes an error. The connection still has to be closed, or let go.
    public func shutDown() { socket.shutDown(.both) }

    /// Closes it: what was written still goes to the peer, unless the peer's own bytes lie unread, which makes TCP
    /// reset (RFC 1122 section 4.2.2.13); ``finish(within:discarding:)`` avoids that. A second close does nothing.
    public func close() { socket.close(wakingOthers: true) }

    /// Ends the connection so that the peer loses nothing: ends sending, throws away what still comes until the peer
    /// has finished too, and closes.
    ///
    /// Blocks the calling thread until the peer has finished; or has acknowledged everything, and then was quiet for
    /// half a second or has sent more than `limit`; or `patience` is over.
    ///
    /// - Parameters:
    ///   - patience: how long to wait for the peer at most.
    ///   - limit: how many bytes of the peer's to throw away while the last of ours go out.
    public func finish(within patience: Duration = .seconds(2), discarding limit: Int = 1 << 20) {
        finish(until: .now + patience, discarding: limit)
    }

    func finish(until deadline: @autoclosure () -> MonotonicTime, discarding limit: Int) {
        // The peer's end was read, so nothing lies unread: closing sends the FIN, and the kernel delivers what is queued.
        if !peerHasFinished {
            endSending()
            if let reader = socket.beginReading() {
                try? discard(through: reader, until: deadline(), limit: limit)
                socket.endReading()
            }
        }
        socket.close()
    }

    /// Who has everything, the end of the stream included, and says nothing more, has nothing to lose. Without this an
    /// iterative server would wait for each such peer while the others wait for it.
    static let quietAfterEnd = Duration.milliseconds(500)

    /// Past the limit nothing is read, so the peer has to stop: then all that counts is that our own bytes arrive.
    private func discard(
        through reader: SocketReader, until deadline: MonotonicTime, limit: Int
    ) throws(Errno) {
        var gone = 0
        while MonotonicTime.now < deadline {
            if gone >= limit {
                if socket.unacknowledged == 0 { return }
                if reader.waitUntilFailed(until: min(deadline, .now + .milliseconds(10))) { return }
                continue
            }
            switch try reader.discard(atMost: 1 << 20) {
            case .bytes(let count): gone += count
            case .endOfStream: return
            case .nothing:
                let quietEnd = min(deadline, .now + Self.quietAfterEnd)
                guard case .ready = reader.waitUntilReadable(orInterruptedBy: -1, until: quietEnd) else {
                    if socket.unacknowledged == 0 { return }
                    continue
                }
            }
        }
    }

    /// Lets no further read begin and ends sending, though a write may be blocked in it: the peer has a prefix, then
    /// the end of the stream.
    func cutOffNow() {
        cutOff.store(true, ordering: .releasing)
        socket.shutDown(.sending)
    }
}
