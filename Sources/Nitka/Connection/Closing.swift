// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

// The ways to end a connection, each in its blocking and its async form.

extension Connection {
    /// Ends both directions at once, from any thread: a blocked read returns the end of the stream, a blocked write
    /// throws. The connection still has to be closed or released.
    public func shutDown() {
        state.noteShutDown()
        socket.shutDown(.both)
    }

    /// Closes the connection at once, from any thread. The kernel still sends what was written; or if input is unread,
    /// resets the connection (RFC 1122 section 4.2.2.13), which ``close(gracefullyWithin:discarding:)`` avoids. A
    /// second close does nothing.
    public func close() { socket.close() }

    /// Closes the connection so that the peer loses nothing: sends FIN, discards what still arrives until the peer has
    /// finished too, and closes.
    ///
    /// Blocks the calling thread until the peer has finished or the time is over. Returns earlier when the peer has
    /// acknowledged everything, and then either was silent for 500 ms or has sent more than `limit` bytes.
    ///
    /// - Parameters:
    ///   - time: the time limit of the whole call.
    ///   - limit: how many bytes to discard.
    @available(*, noasync, message: "Connection blocks its thread; async code uses AsyncConnection")
    public func close(gracefullyWithin time: Duration, discarding limit: Int = 1 << 20) {
        close(gracefullyUntil: .now + time, discarding: limit)
    }

    func close(gracefullyUntil deadline: @autoclosure () -> MonotonicTime, discarding limit: Int) {
        // After the end of the stream, no input is unread: a plain close sends FIN after what is queued.
        if !peerHasFinished {
            let deadline = deadline()
            // Another thread may hold these rights in a call that does not end in time: the close then wakes it.
            if let writer = socket.beginWriting(until: deadline) {
                writer.closeWrite()
                socket.endWriting()
            }
            if let reader = socket.beginReading(until: deadline) {
                try? discard(reader, GracefulClose(deadline: deadline, limit: limit))
                socket.endReading()
            }
        }
        socket.close()
    }

    /// Discards what has arrived, without waiting.
    func discardArrived() -> Received {
        guard let reader = socket.beginReading() else { return .endOfStream }
        defer { socket.endReading() }
        return (try? reader.discard(atMost: 1 << 20)) ?? .endOfStream
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

    /// Stops further reads and sends FIN, from any thread. A write that waits fails: the peer gets a prefix of its
    /// bytes, then the end of the stream.
    func cutOff() {
        state.cutOff()
        socket.shutDown(.sending)
    }
}

extension AsyncConnection {
    /// Ends both directions at once, from any thread: a waiting read returns the end of the stream, a waiting write
    /// throws. The connection still has to be closed or released.
    public func shutDown() {
        state.noteShutDown()
        socket.shutDown(.both)
    }

    /// Closes the connection at once, from any thread. The kernel still sends what was written; or if input is unread,
    /// resets the connection (RFC 1122 section 4.2.2.13), which ``close(gracefullyWithin:discarding:)`` avoids. A
    /// second close does nothing.
    ///
    /// Tasks that wait in the connection get an error. A call from outside the loop returns before the close.
    public func close() {
        guard !loop.isCurrent else { return closeHere() }
        socket.shutDown(.both)
        if !loop.perform({ [self] in closeHere() }) { socket.close() }
    }

    /// Closes the connection so that the peer loses nothing: sends FIN, discards what still arrives until the peer has
    /// finished too, and closes.
    ///
    /// Suspends the task until the peer has finished or the time is over. Returns earlier when the peer has
    /// acknowledged everything, and then either was silent for 500 ms or has sent more than `limit` bytes.
    ///
    /// - Parameters:
    ///   - time: the time limit of the whole call.
    ///   - limit: how many bytes to discard.
    public nonisolated(nonsending) func close(gracefullyWithin time: Duration, discarding limit: Int = 1 << 20) async {
        await close(gracefullyUntil: .now + time, discarding: limit)
    }

    // Never inlined: a client that waits must not hold the frame of its close.
    @inline(never)
    nonisolated(nonsending) func close(gracefullyUntil deadline: MonotonicTime, discarding limit: Int) async {
        guard loop.isCurrent else {
            do throws(NitkaError) {
                try await elsewhere { () async throws(NitkaError) in
                    await close(gracefullyUntil: deadline, discarding: limit)
                }
            } catch {
                close()
            }
            return
        }
        // After the end of the stream, no input is unread: a plain close sends FIN after what is queued.
        if !peerHasFinished, socket.isOpen {
            if await registration.lockWriting(on: loop, until: deadline) == .ready {
                socket.shutDown(.sending)
                registration.state.writing.unlock()
            }
            if await registration.lockReading(on: loop, until: deadline) == .ready {
                try? await discard(GracefulClose(deadline: deadline, limit: limit))
                registration.state.reading.unlock()
            }
        }
        closeHere()
    }

    private nonisolated(nonsending) func discard(_ closing: consuming GracefulClose) async throws(Errno) {
        while socket.isOpen {
            switch closing.next(unacknowledged: socket.unacknowledged, at: .now) {
            case .close: return
            case .wait(let moment):
                registration.state.hasInput = false
                if await registration.waitToRead(on: loop, until: moment) == .cancelled { return }
            case .discard(let moment):
                switch try socket.discard(atMost: 1 << 20) {
                case .bytes(let count): closing.noteDiscarded(count)
                case .endOfStream: return
                case .nothing:
                    registration.state.hasInput = false
                    switch await registration.waitToRead(on: loop, until: moment) {
                    case .ready: break
                    case .timedOut: closing.noteQuiet()
                    case .cancelled: return
                    }
                }
            }
        }
    }

    /// On the loop's thread. Removes the registration first: the kernel may reuse the descriptor after the close.
    private func closeHere() {
        guard socket.isOpen else { return }
        loop.remove(registration)
        socket.close()
        registration.state.reader.resume(.ready)
        registration.state.writer.resume(.ready)
    }

    /// Stops further reads and sends FIN, from any thread. A write that waits fails: the peer gets a prefix of its
    /// bytes, then the end of the stream.
    func cutOff() {
        state.cutOff()
        socket.shutDown(.sending)
    }
}
