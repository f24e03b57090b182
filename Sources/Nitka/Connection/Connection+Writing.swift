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
    ///   sending or was closed. Some of the bytes may have gone.
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
        do throws(Errno) {
            while gone < count {
                guard case .bytes(let more) = try send(writer, gone) else { break }
                gone += more
                sentCount.store(sentCount.load(ordering: .relaxed) &+ UInt64(more), ordering: .relaxed)
            }
        } catch {
            // TCP_USER_TIMEOUT, which follows the write timeout, may be noticed first.
            throw failure("write to", error == .timedOut ? .stalled : .system(error))
        }
        if gone < count { throw failure("write to", .stalled) }
    }
}
