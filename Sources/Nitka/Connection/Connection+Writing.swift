// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension Connection {
    /// Writes all the bytes: it returns when the kernel has taken the last of them.
    ///
    /// Blocks the calling thread while the peer does not read: that is the back-pressure, and nothing is queued
    /// elsewhere. What another thread writes meanwhile comes before or after, never between. The call behind it is
    /// send(2), without SIGPIPE.
    ///
    /// - Throws: ``NitkaError`` when the peer resets, takes nothing for the write timeout, or this end has finished
    ///   sending, was closed or is too old. Some of the bytes may have gone; or all, where it has just become too old.
    public func write(_ bytes: RawSpan) throws(NitkaError) {
        try sendAll(bytes.byteCount) { (writer, gone) throws(Errno) in
            try writer.send(bytes.extracting(gone..<bytes.byteCount))
        }
    }

    /// As ``write(_:)-(RawSpan)``, from a pipe that holds so many bytes.
    func write(_ count: Int, from pipe: borrowing Pipe) throws(NitkaError) {
        // A splice goes on for as long as each of its parts goes within the slice: of a pipeful, to a slow peer, for seconds.
        let most = lastMoment.load(ordering: .relaxed) == .max ? count : 32 * 1024
        try sendAll(count) { (writer, gone) throws(Errno) in try writer.send(min(count - gone, most), from: pipe) }
    }

    /// Writes all the bytes of an array; as ``write(_:)-(RawSpan)``.
    ///
    /// - Throws: as there.
    public func write(_ bytes: [UInt8]) throws(NitkaError) { try write(bytes.span.bytes) }

    /// Says that nothing more will be sent, and keeps reading possible: a half-close, RFC 9293 section 3.6.
    ///
    /// Waits for a write on another thread to end. Later writes fail; a second call does nothing.
    public func endSending() {
        guard let writer = socket.beginWriting() else { return }
        writer.endSending()
        socket.endWriting()
    }
}

extension Connection {
    /// Sends all of it: `send` is given how much has gone.
    @inline(__always)
    private func sendAll(
        _ count: Int, _ send: (SocketWriter, Int) throws(Errno) -> Sent
    ) throws(NitkaError) {
        guard let writer = socket.beginWriting() else { throw failure("write to", .closed) }
        defer { socket.endWriting() }
        var gone = 0
        var patience: RoomPatience?
        while gone < count {
            let more = try sent { () throws(Errno) in try send(writer, gone) }
            gone += more
            if gone == count { break }
            if more > 0 { patience = nil }
            try awaitRoom(for: writer, &patience, alreadyWaited: more > 0 ? .zero : Self.slice)
        }
        // Not before: who was heard in time has the answer, and a handler that only writes ends all the same.
        if isOverAge { throw failure("write to", .tooLong) }
    }

    /// How many bytes a send took; 0 when there was no room for a slice.
    @inline(__always)
    private func sent(_ send: () throws(Errno) -> Sent) throws(NitkaError) -> Int {
        do throws(Errno) {
            guard case .bytes(let count) = try send() else { return 0 }
            sentCount.store(sentCount.load(ordering: .relaxed) &+ UInt64(count), ordering: .relaxed)
            return count
        } catch {
            throw failure("write to", .system(error))
        }
    }

    /// Waits until a send may take something: a send that waits by itself for more than a slice would keep to no
    /// deadline, since what it takes in part begins its time anew.
    ///
    /// - Parameter patience: nil at first, and after a send that took something.
    private func awaitRoom(
        for writer: SocketWriter, _ patience: inout RoomPatience?, alreadyWaited: Duration
    ) throws(NitkaError) {
        let limit = writePatience.load(ordering: .relaxed)
        var room =
            patience
            ?? RoomPatience(
                patience: limit, lastMoment: lastMoment.load(ordering: .relaxed),
                unacknowledged: socket.unacknowledged,
                now: MonotonicTime.now.nanoseconds - min(alreadyWaited.clampedNanoseconds, limit))
        defer { patience = room }
        var now: Int64
        repeat {
            now = MonotonicTime.now.nanoseconds
            let verdict = room.look(unacknowledged: socket.unacknowledged, now: now)
            if let verdict { throw failure("write to", verdict) }
        } while !writer.waitUntilWritable(until: MonotonicTime(nanoseconds: room.nextLook(after: now)))
    }
}
