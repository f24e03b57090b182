// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension AsyncConnection {
    /// Writes all the bytes: it returns when the kernel has taken the last of them.
    ///
    /// Suspends the task while the peer does not read: that is the back-pressure, and nothing is queued elsewhere. What
    /// another task writes meanwhile comes before or after, never between. The call behind it is send(2), without
    /// SIGPIPE.
    ///
    /// - Throws: ``NitkaError`` when the peer resets, takes nothing for the write timeout, or this end has finished
    ///   sending, was closed or is too old. Some of the bytes may have gone; or all, where it has just become too old.
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
        var gone = 0
        var patience: RoomPatience?
        while gone < bytes.byteCount {
            let rest = bytes.extracting(gone..<bytes.byteCount)
            let count = try sent(attempt { () throws(Errno) in try socket.send(rest) })
            gone += count
            if count > 0 { patience = nil } else { try await awaitRoom(&patience) }
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
        case .failure(let errno): throw failure("write to", socket.isOpen ? .system(errno) : .closed)
        }
    }

    /// Waits until it is worth another send, after one that took nothing.
    ///
    /// Room is reported once, and a report between the end of a wait and the task's turn finds nobody. So a send follows
    /// every wait, and each that takes nothing has the kernel report anew.
    ///
    /// - Parameter patience: nil at first, and after a send that took something.
    nonisolated(nonsending) func awaitRoom(_ patience: inout RoomPatience?) async throws(NitkaError) {
        if !socket.isOpen { throw failure("write to", .closed) }
        do throws(Errno) {
            try loop.reportRoom(watch, for: socket.number)
        } catch {
            throw failure("write to", .system(error))
        }
        let unacknowledged = socket.unacknowledged
        var room =
            patience
            ?? RoomPatience(
                patience: writePatience.load(ordering: .relaxed), lastMoment: lastMoment.load(ordering: .relaxed),
                unacknowledged: unacknowledged, now: loop.now)
        if let verdict = room.look(unacknowledged: unacknowledged, now: loop.now) { throw failure("write to", verdict) }
        let look = room.nextLook(after: loop.now)
        patience = room
        _ = await withUnsafeContinuation { continuation in
            watch.writer.wait(continuation, until: look)
            loop.setAlarm(watch)
        }
        if !socket.isOpen { throw failure("write to", .closed) }
    }
}
