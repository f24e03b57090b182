// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel
internal import Synchronization

extension AsyncConnection {
    /// Writes all the bytes: it returns when the kernel has taken the last of them.
    ///
    /// Suspends the task while the peer does not read: that is the back-pressure, and nothing is queued elsewhere. What
    /// another task writes meanwhile comes before or after, never between. The call behind it is send(2), without
    /// SIGPIPE.
    ///
    /// - Throws: ``NitkaError`` when the peer resets, takes nothing for the write timeout, or this end has finished
    ///   sending, was closed or is too old. Some of the bytes may have gone; of one that is too old, all.
    public nonisolated(nonsending) func write(_ bytes: RawSpan) async throws(NitkaError) {
        guard loop.isCurrent else {
            let copy = bytes.withUnsafeBytes { [UInt8]($0) }
            return try await elsewhere { () async throws(NitkaError) in try await write(copy) }
        }
        if !writing.take() { await waitForTurn(\.writing) }
        defer { writing.giveUp() }
        try await sendAll(bytes)
    }

    /// Writes all the bytes of an array; as ``write(_:)-(RawSpan)``.
    ///
    /// - Throws: as there.
    public nonisolated(nonsending) func write(_ bytes: [UInt8]) async throws(NitkaError) {
        try await write(bytes.span.bytes)
    }

    /// Says that nothing more will be sent, and keeps reading possible: a half-close, RFC 9293 section 3.6.
    ///
    /// Waits for a write of another task to end. Later writes fail; a second call does nothing.
    public nonisolated(nonsending) func endSending() async {
        guard loop.isCurrent else {
            return (try? await elsewhere { () async throws(NitkaError) in await endSending() }) ?? ()
        }
        if !writing.take() { await waitForTurn(\.writing) }
        defer { writing.giveUp() }
        socket.shutDown(.sending)
    }
}

extension AsyncConnection {
    /// Sends all of it; the caller has the turn to write.
    nonisolated(nonsending) func sendAll(_ bytes: RawSpan) async throws(NitkaError) {
        loop.noteMessage()
        var gone = 0
        while gone < bytes.byteCount {
            let rest = bytes.extracting(gone..<bytes.byteCount)
            let count = try sent(attempt { () throws(Errno) in try socket.send(rest) })
            gone += count
            if count == 0 { try await awaitRoom() }
        }
        // Not before: who was heard in time has the answer, and a handler that only writes ends all the same.
        if isOverAge { throw failure("write to", .tooLong) }
    }

    /// Notes how many bytes a send took: 0 when there is no room.
    func sent(_ result: Result<Sent, Errno>) throws(NitkaError) -> Int {
        switch result {
        case .success(.bytes(let count)):
            sentCount.store(sentCount.load(ordering: .relaxed) &+ UInt64(count), ordering: .relaxed)
            return count
        case .success(.nothing): return 0
        // TCP_USER_TIMEOUT, which follows the write timeout, may be noticed first.
        case .failure(let errno):
            throw failure("write to", !socket.isOpen ? .closed : errno == .timedOut ? .stalled : .system(errno))
        }
    }

    /// Waits until a send may take something.
    nonisolated(nonsending) func awaitRoom() async throws(NitkaError) {
        if !socket.isOpen { throw failure("write to", .closed) }
        do throws(Errno) {
            try loop.reportRoom(watch, for: socket.number)
        } catch {
            throw failure("write to", .system(error))
        }
        var patience = RoomPatience(
            patience: writePatience.load(ordering: .relaxed), lastMoment: lastMoment.load(ordering: .relaxed),
            unacknowledged: socket.unacknowledged, now: loop.now)
        while case .timedOut = await suspendWriter(until: patience.nextLook(after: loop.now)) {
            if let verdict = patience.look(unacknowledged: socket.unacknowledged, now: loop.now) {
                throw failure("write to", verdict)
            }
        }
        if !socket.isOpen { throw failure("write to", .closed) }
    }

    private nonisolated(nonsending) func suspendWriter(until deadline: Int64) async -> Waiter.Outcome {
        await withUnsafeContinuation { continuation in
            watch.writer.wait(continuation, until: deadline)
            loop.setAlarm(watch)
        }
    }
}
