// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension AsyncConnection {
    /// Ends both directions at once, from any thread: whoever waits in a read finds the end of the stream, whoever
    /// writes an error. The connection still has to be closed, or let go.
    public func shutDown() { socket.shutDown(.both) }

    /// Closes it: what was written still goes to the peer, unless the peer's own bytes lie unread, which makes TCP
    /// reset (RFC 1122 section 4.2.2.13); ``finish(within:discarding:)`` avoids that. A second close does nothing.
    ///
    /// From any thread; other tasks that wait in it are told. Away from its loop it returns before it is done.
    public func close() {
        guard !loop.isCurrent else { return closeHere() }
        socket.shutDown(.both)
        if !loop.perform({ [self] in closeHere() }) { socket.close() }
    }

    /// Ends the connection so that the peer loses nothing: ends sending, throws away what still comes until the peer
    /// has finished too, and closes.
    ///
    /// Suspends the task until the peer has finished; or has acknowledged everything, and then was quiet for half a
    /// second or has sent more than `limit`; or `patience` is over.
    ///
    /// - Parameters:
    ///   - patience: how long to wait for the peer at most.
    ///   - limit: how many bytes of the peer's to throw away while the last of ours go out.
    public nonisolated(nonsending) func finish(
        within patience: Duration = .seconds(2), discarding limit: Int = 1 << 20
    ) async {
        await finish(until: .now + patience, discarding: limit)
    }

    nonisolated(nonsending) func finish(until deadline: MonotonicTime, discarding limit: Int) async {
        guard loop.isCurrent else {
            return
                (try? await elsewhere { () async throws(NitkaError) in
                    await finish(until: deadline, discarding: limit)
                }) ?? ()
        }
        // The peer's end was read, so nothing lies unread: closing sends the FIN, and the kernel delivers what is queued.
        if !peerHasFinished, socket.isOpen {
            await endSending()
            if !reading.take() { await waitForTurn(\.reading) }
            await discard(until: deadline.nanoseconds, limit: limit)
            reading.giveUp()
        }
        closeHere()
    }

    /// Past the limit nothing is read, so the peer has to stop: then all that counts is that our own bytes arrive.
    private nonisolated(nonsending) func discard(until deadline: Int64, limit: Int) async {
        var gone = 0
        while MonotonicTime.now.nanoseconds < deadline, socket.isOpen {
            if gone >= limit {
                if socket.unacknowledged == 0 { return }
                _ = await suspendReader(until: min(deadline, self.deadline(after: 10_000_000)))
                continue
            }
            guard let result = try? attempt({ () throws(Errno) in try socket.discard(atMost: 1 << 20) }).get() else {
                return
            }
            switch result {
            case .bytes(let count): gone += count
            case .endOfStream: return
            case .nothing:
                let quietEnd = self.deadline(after: Connection.quietAfterEnd.clampedNanoseconds)
                if case .timedOut = await suspendReader(until: min(deadline, quietEnd)), socket.unacknowledged == 0 {
                    return
                }
            }
        }
    }

    /// On the loop's thread: forgets the watch before the number can come back, then wakes who waits.
    private func closeHere() {
        guard socket.isOpen else { return }
        loop.remove(watch.token)
        socket.close()
        watch.reader.resume(.ready)
        watch.writer.resume(.ready)
    }

    /// Lets no further read begin and ends sending, though a write may wait in it: the peer has a prefix, then the end
    /// of the stream.
    func cutOffNow() {
        cutOff.store(true, ordering: .releasing)
        socket.shutDown(.sending)
    }
}
