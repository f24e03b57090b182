// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel
internal import Synchronization

extension Connection {
    /// Writes all the bytes: it returns when the kernel has taken the last of them.
    ///
    /// Blocks the calling thread while the peer does not read: that is the back-pressure, and nothing is queued
    /// elsewhere. What another thread writes meanwhile comes before or after, never between. The call behind it is
    /// send(2), without SIGPIPE.
    ///
    /// - Throws: ``NitkaError`` when the peer resets, takes nothing for the write timeout, or this end has finished
    ///   sending, was closed or is too old. Some of the bytes may have gone; of one that is too old, all.
    public func write(_ bytes: RawSpan) throws(NitkaError) {
        try sendAll(bytes.byteCount) { (writer, gone) throws(Errno) in
            try writer.send(bytes.extracting(gone..<bytes.byteCount))
        }
    }

    /// As ``write(_:)-(RawSpan)``, from a pipe that holds so many bytes.
    func write(_ count: Int, from pipe: borrowing Pipe) throws(NitkaError) {
        let began = MonotonicTime.now
        do throws(NitkaError) {
            try sendAll(count) { (writer, gone) throws(Errno) in try writer.send(count - gone, from: pipe) }
        } catch  where error.reason == .system(.brokenPipe) && hasLostPatience(since: began) {
            // A splice that moves some and then fails says how much it moved, and the next one no longer why.
            throw failure("write to", .stalled)
        }
    }

    private func hasLostPatience(since began: MonotonicTime) -> Bool {
        writeTimeout.map { .now >= began + $0 } ?? false
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
        while gone < count {
            let more = try sent { () throws(Errno) in try send(writer, gone) }
            gone += more
            if gone < count { try awaitRoom(for: writer) }
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
            // TCP_USER_TIMEOUT, which follows the write timeout, may be noticed first.
            throw failure("write to", error == .timedOut ? .stalled : .system(error))
        }
    }

    /// Waits until a send may take something: a send that waits by itself for more than a slice would keep to no
    /// deadline, since what it takes in part begins its time anew.
    private func awaitRoom(for writer: SocketWriter) throws(NitkaError) {
        var patience = RoomPatience(
            patience: writePatience.load(ordering: .relaxed), lastMoment: lastMoment.load(ordering: .relaxed),
            unacknowledged: socket.unacknowledged, now: MonotonicTime.now.nanoseconds)
        while true {
            let look = patience.nextLook(after: MonotonicTime.now.nanoseconds)
            if writer.waitUntilWritable(until: MonotonicTime(nanoseconds: look)) { return }
            let verdict = patience.look(
                unacknowledged: socket.unacknowledged, now: MonotonicTime.now.nanoseconds)
            if let verdict { throw failure("write to", verdict) }
        }
    }
}
