// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A connected socket of several threads: one may read while another writes, and any of them may shut it down or close
/// it.
///
/// `close` alone does not wake a thread that is blocked in `recv`, and the kernel may reuse the number while that thread
/// still uses it: then one client gets the bytes of another. So a close takes all three locks, after it has shut down
/// the socket if another thread may be blocked.
package struct SharedSocket: ~Copyable, Sendable {
    private let socket: OwnedSocket
    // The lock of each direction is held across its calls. Lock order: reading, writing, the socket's own. A close holds
    // all three, so each one alone keeps the socket open.
    private let reading = Lock(())
    private let writing = Lock(())

    package init(owning descriptor: consuming Descriptor) { socket = OwnedSocket(owning: descriptor) }

    // Pairs of calls instead of `with…` scopes: generic functions of another module would cost 1 µs per message.

    /// The right to receive, until ``endReading()``, which must follow; nil when the socket is closed, and then no
    /// `endReading()` follows.
    package func beginReading() -> SocketReader? {
        reading.lock()
        if socket.isOpen { return SocketReader(number: socket.number) }
        reading.unlock()
        return nil
    }

    package func endReading() { reading.unlock() }

    /// As ``beginReading()``; also nil when another thread has the right until the deadline.
    package func beginReading(until deadline: MonotonicTime) -> SocketReader? {
        guard reading.lock(until: deadline) else { return nil }
        if socket.isOpen { return SocketReader(number: socket.number) }
        reading.unlock()
        return nil
    }

    /// The right to send, as ``beginReading()``, until ``endWriting()``: the bytes of other writers never interleave.
    package func beginWriting() -> SocketWriter? {
        writing.lock()
        if socket.isOpen { return SocketWriter(number: socket.number) }
        writing.unlock()
        return nil
    }

    package func endWriting() { writing.unlock() }

    /// As ``beginWriting()``; also nil when another thread has the right until the deadline.
    package func beginWriting(until deadline: MonotonicTime) -> SocketWriter? {
        guard writing.lock(until: deadline) else { return nil }
        if socket.isOpen { return SocketWriter(number: socket.number) }
        writing.unlock()
        return nil
    }

    /// Ends one or both directions, which wakes the threads that are blocked in them.
    package func shutDown(_ direction: Direction) { socket.shutDown(direction) }

    /// Bytes that the peer has not acknowledged yet (a FIN counts as one); 0 when the socket is closed.
    package var unacknowledged: Int { socket.unacknowledged }

    package var localAddress: RawAddress? { socket.localAddress }

    /// Releases the descriptor; a second close does nothing. A reader or writer on another thread is woken first.
    package func close() {
        take(reading)
        take(writing)
        socket.close()
        writing.unlock()
        reading.unlock()
    }

    private func take(_ lock: borrowing Lock<Void>) {
        if lock.tryLock() { return }
        shutDown(.both)
        lock.lock()
    }
}

/// The right to receive from a socket: valid until ``SharedSocket/endReading()``.
package struct SocketReader {
    fileprivate let number: CInt

    @inline(__always)
    package func receive(into span: inout MutableSpan<UInt8>) throws(Errno) -> Received {
        try span.withUnsafeMutableBytes { (space) throws(Errno) in try SocketCall.receive(number, space) }
    }

    /// Receives into the stack, then copies into an array of the size that arrived: a waiting thread holds no buffer.
    package func receive(into array: inout [UInt8], atMost most: Int) throws(Errno) -> Received {
        try withUnsafeTemporaryAllocation(byteCount: most, alignment: 16) { (buffer) throws(Errno) in
            let received = try SocketCall.receive(number, buffer)
            if case .bytes(let count) = received { array = [UInt8](buffer[..<count]) }
            return received
        }
    }

    /// Moves what has arrived into an empty pipe.
    package func receive(into pipe: borrowing Pipe) throws(Errno) -> Received {
        try SocketCall.receive(number, into: pipe)
    }

    package func discard(atMost count: Int) throws(Errno) -> Received {
        try SocketCall.discard(number, atMost: count)
    }

    /// Sets how many bytes make the socket readable (SO_RCVLOWAT); the default is 1. A receive that finds fewer returns
    /// them at once. The end of the stream and a full buffer make it readable too.
    package func setLowWaterMark(_ bytes: Int) {
        // Without it only speed is lost.
        try? SocketCall.set(number, SOL_SOCKET, SO_RCVLOWAT, CInt(clamping: bytes))
    }

    /// Bytes that were received and not read yet.
    package var unread: Int { SocketCall.unread(number) }

    /// Waits until the connection has failed; returns false when the deadline passed. Input does not end the wait.
    package func waitUntilFailed(until deadline: MonotonicTime) -> Bool {
        poll(number, for: .failed, orInterruptedBy: -1, until: deadline) == .ready
    }

    package func waitUntilReadable(orInterruptedBy other: CInt, until deadline: MonotonicTime?) -> PollOutcome {
        poll(number, orInterruptedBy: other, until: deadline)
    }
}

/// The right to send to a socket: valid until ``SharedSocket/endWriting()``.
package struct SocketWriter {
    fileprivate let number: CInt

    @inline(__always)
    package func send(_ bytes: RawSpan) throws(Errno) -> Sent {
        try bytes.withUnsafeBytes { (bytes) throws(Errno) in try SocketCall.send(number, bytes) }
    }

    /// Sends `count` of the bytes in the pipe. The thread must have called ``Signals/blockBrokenPipes()``.
    package func send(_ count: Int, from pipe: borrowing Pipe) throws(Errno) -> Sent {
        try SocketCall.send(number, count, from: pipe)
    }

    /// Waits until a send takes bytes or fails; returns false when the deadline passed.
    package func waitUntilWritable(until deadline: MonotonicTime) -> Bool {
        poll(number, for: .writable, orInterruptedBy: -1, until: deadline) == .ready
    }

    package func closeWrite() { _ = shutdown(number, Direction.sending.flag) }
}
