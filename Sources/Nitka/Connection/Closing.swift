// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

// The ways to end a connection, each in its blocking and its async form.

extension Connection {
    /// Ends both directions at once, from any thread: a blocked read returns the end of the stream, a blocked write
    /// throws. The connection still has to be closed or released.
    public func shutDown() { socket.shutDown(.both) }

    /// Closes the connection at once, from any thread. What was written still goes to the peer, unless input is unread:
    /// then TCP resets (RFC 1122 section 4.2.2.13), and ``close(gracefullyWithin:discarding:)`` avoids that. A second
    /// close does nothing.
    public func close() { socket.close(wakingOthers: true) }

    /// Closes the connection so that the peer loses nothing: sends FIN, discards what still arrives until the peer has
    /// finished too, and closes.
    ///
    /// Blocks the calling thread until the peer has finished; or has acknowledged everything, and then was silent for
    /// 500 ms or has sent more than `limit`; or the time is over.
    ///
    /// - Parameters:
    ///   - time: the time limit of the whole call.
    ///   - limit: how many bytes to discard.
    @available(*, noasync, message: "Connection blocks its thread; async code uses AsyncConnection")
    public func close(gracefullyWithin time: Duration, discarding limit: Int = 1 << 20) {
        close(gracefullyUntil: .now + time, discarding: limit)
    }

    func close(gracefullyUntil deadline: @autoclosure () -> MonotonicTime, discarding limit: Int) {
        // After the peer's end was read, no input is unread: close sends FIN, and the kernel delivers what is queued.
        if !peerHasFinished {
            closeWrite()
            if let reader = socket.beginReading() {
                try? discard(reader, GracefulClose(deadline: deadline(), limit: limit))
                socket.endReading()
            }
        }
        socket.close()
    }

    private func discard(_ reader: SocketReader, _ closing: consuming GracefulClose) throws(Errno) {
        while true {
            switch closing.next(unacknowledged: socket.unacknowledged, at: .now) {
            case .close: return
            case .wait(let moment): if reader.waitUntilFailed(until: moment) { return }
            case .discard(let moment):
                switch try reader.discard(atMost: 1 << 20) {
                case .bytes(let count): closing.noteDiscarded(count)
                case .endOfStream: return
                case .nothing:
                    if reader.waitUntilReadable(orInterruptedBy: -1, until: moment) != .ready { closing.noteQuiet() }
                }
            }
        }
    }

    /// Lets no further read begin, and sends FIN although a write may be blocked: the peer gets a prefix, then the end of
    /// the stream. Any thread may call it.
    func cutOff() {
        state.cutOff()
        socket.shutDown(.sending)
    }
}

extension AsyncConnection {
    /// Ends both directions at once, from any thread: a waiting read returns the end of the stream, a waiting write
    /// throws. The connection still has to be closed or released.
    public func shutDown() { socket.shutDown(.both) }

    /// Closes the connection at once, from any thread. What was written still goes to the peer, unless input is unread:
    /// then TCP resets (RFC 1122 section 4.2.2.13), and ``close(gracefullyWithin:discarding:)`` avoids that. A second
    /// close does nothing.
    ///
    /// Tasks that wait in the connection get an error. Away from the connection's loop, the call returns before it is
    /// closed.
    public func close() {
        guard !loop.isCurrent else { return closeHere() }
        socket.shutDown(.both)
        if !loop.perform({ [self] in closeHere() }) { socket.close() }
    }

    /// Closes the connection so that the peer loses nothing: sends FIN, discards what still arrives until the peer has
    /// finished too, and closes.
    ///
    /// Suspends the task until the peer has finished; or has acknowledged everything, and then was silent for 500 ms or
    /// has sent more than `limit`; or the time is over.
    ///
    /// - Parameters:
    ///   - time: the time limit of the whole call.
    ///   - limit: how many bytes to discard.
    public nonisolated(nonsending) func close(gracefullyWithin time: Duration, discarding limit: Int = 1 << 20) async {
        await close(gracefullyUntil: .now + time, discarding: limit)
    }

    nonisolated(nonsending) func close(gracefullyUntil deadline: MonotonicTime, discarding limit: Int) async {
        guard loop.isCurrent else {
            let isClosed: Void? = try? await elsewhere { () async throws(NitkaError) in
                await close(gracefullyUntil: deadline, discarding: limit)
            }
            return isClosed ?? ()
        }
        // After the peer's end was read, no input is unread: close sends FIN, and the kernel delivers what is queued.
        if !peerHasFinished, socket.isOpen {
            await closeWrite()
            if !registration.state.reading.tryLock() { await registration.lockReading() }
            try? await discard(GracefulClose(deadline: deadline, limit: limit))
            registration.state.reading.unlock()
        }
        closeHere()
    }

    private nonisolated(nonsending) func discard(_ closing: consuming GracefulClose) async throws(Errno) {
        while socket.isOpen {
            switch closing.next(unacknowledged: socket.unacknowledged, at: .now) {
            case .close: return
            case .wait(let moment):
                registration.state.hasInput = false
                _ = await registration.waitToRead(on: loop, until: moment)
            case .discard(let moment):
                switch try socket.discard(atMost: 1 << 20) {
                case .bytes(let count): closing.noteDiscarded(count)
                case .endOfStream: return
                case .nothing:
                    registration.state.hasInput = false
                    if await registration.waitToRead(on: loop, until: moment) != .ready { closing.noteQuiet() }
                }
            }
        }
    }

    /// On the loop's thread: forgets the registration before the kernel can reuse the number, then wakes the tasks that
    /// wait.
    private func closeHere() {
        guard socket.isOpen else { return }
        loop.remove(registration)
        socket.close()
        registration.state.reader.resume(.ready)
        registration.state.writer.resume(.ready)
    }

    /// Lets no further read begin, and sends FIN although a write may be waiting: the peer gets a prefix, then the end of
    /// the stream. Any thread may call it.
    func cutOff() {
        state.cutOff()
        socket.shutDown(.sending)
    }
}
