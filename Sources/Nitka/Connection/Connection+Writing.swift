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
        guard let writer = socket.beginWriting() else { throw failure("write to", .closed) }
        defer { socket.endWriting() }
        let isStalled: Bool
        do throws(Errno) {
            isStalled = try !send(bytes, through: writer)
        } catch {
            // TCP_USER_TIMEOUT is as long as the write timeout, and may be noticed first.
            throw failure("write to", error == .timedOut ? .stalled : .system(error))
        }
        if isStalled { throw failure("write to", .stalled) }
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
    /// Sends all of it: false when the peer takes nothing any more.
    private func send(_ bytes: RawSpan, through writer: SocketWriter) throws(Errno) -> Bool {
        var gone = 0
        while gone < bytes.byteCount {
            switch try writer.send(bytes.extracting(gone..<bytes.byteCount)) {
            case .bytes(let count):
                gone += count
                sentCount.store(sentCount.load(ordering: .relaxed) &+ UInt64(count), ordering: .relaxed)
            case .nothing: return false
            }
        }
        return true
    }
}
