// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// A connected socket that several threads know: one may read and one may write at a time, anybody may shut it
/// down, and its number goes back to the kernel only when nobody can still be using it.
///
/// `close` alone would not wake a thread that is blocked in `recv`, and its number, given out again, would hand one
/// client's bytes to another. So closing takes all three locks, after it has shut down where somebody may be blocked.
package struct SharedSocket: ~Copyable, Sendable {
    private let socket: OwnedSocket
    // Each side's lock is held across its calls. Lock order: reading, writing, the socket's own. It is closed with all
    // three held, so any one of them keeps it open.
    private let reading = Lock(())
    private let writing = Lock(())

    package init(owning descriptor: consuming Descriptor) { socket = OwnedSocket(owning: descriptor) }

    // Pairs of calls, not bodies: as generic functions of another module they cost a microsecond a message.

    /// The right to receive, until ``endReading()``, which must follow; nil, and nothing to end, when it was closed.
    package func beginReading() -> SocketReader? {
        reading.lock()
        if socket.isOpen { return SocketReader(number: socket.number) }
        reading.unlock()
        return nil
    }

    package func endReading() { reading.unlock() }

    /// The right to send, until ``endWriting()``, which must follow: no other writer's bytes come between; nil, and
    /// nothing to end, when it was closed.
    package func beginWriting() -> SocketWriter? {
        writing.lock()
        if socket.isOpen { return SocketWriter(number: socket.number) }
        writing.unlock()
        return nil
    }

    package func endWriting() { writing.unlock() }

    /// Ends one direction or both, and so wakes whoever is blocked in it. Any thread, at any time.
    package func shutDown(_ direction: Direction) { socket.shutDown(direction) }

    /// Bytes that the peer has not acknowledged yet (a FIN counts as one); 0 when the socket was closed.
    package var unacknowledged: Int { socket.unacknowledged }

    package var localAddress: RawAddress? { socket.localAddress }

    /// Gives the number back. Later calls on the socket find it closed; a second close does nothing.
    ///
    /// - Parameter wakingOthers: wakes a reader or writer on another thread first, ending both directions.
    package func close(wakingOthers: Bool = false) {
        if wakingOthers { shutDown(.both) }
        reading.lock()
        writing.lock()
        socket.close()
        writing.unlock()
        reading.unlock()
    }
}

/// The right to receive from a socket: void with the end of the reading that it was given for.
package struct SocketReader {
    fileprivate let number: CInt

    @inline(__always)
    package func receive(into span: inout MutableSpan<UInt8>) throws(Errno) -> Received {
        try span.withUnsafeMutableBytes { (room) throws(Errno) in try SocketCall.receive(number, room) }
    }

    /// How many bytes ``receive(into:)-([UInt8])`` takes at most.
    package static let arrayCapacity = 16 * 1024

    /// Receives by way of the stack into an array of just the size that arrived: a thread that waits holds no buffer.
    package func receive(into array: inout [UInt8]) throws(Errno) -> Received {
        try withUnsafeTemporaryAllocation(byteCount: Self.arrayCapacity, alignment: 16) { (buffer) throws(Errno) in
            let received = try SocketCall.receive(number, buffer)
            if case .bytes(let count) = received { array = [UInt8](buffer[..<count]) }
            return received
        }
    }

    /// Moves what has come into an empty pipe.
    package func receive(into pipe: borrowing Pipe) throws(Errno) -> Received {
        try SocketCall.receive(number, into: pipe)
    }

    package func discard(atMost count: Int) throws(Errno) -> Received {
        try SocketCall.discard(number, atMost: count)
    }

    /// From how many bytes on the socket counts as readable (SO_RCVLOWAT); 1 by default. A call that finds less than that
    /// still takes it at once; the end of the stream and a full buffer count too.
    package func setLowWaterMark(_ bytes: Int) {
        // If the kernel refuses, only speed is lost.
        try? SocketCall.set(number, SOL_SOCKET, SO_RCVLOWAT, CInt(clamping: bytes))
    }

    /// How many bytes are there to be read.
    package var unread: Int { max(0, Int(nitka_unread(number))) }

    /// Waits until the connection has failed: true; or until it is time: false. What may be read does not end it.
    package func waitUntilFailed(until deadline: MonotonicTime) -> Bool {
        if case .ready = poll(number, for: .failed, orInterruptedBy: -1, until: deadline) { return true }
        return false
    }

    package func waitUntilReadable(orInterruptedBy other: CInt, until deadline: MonotonicTime?) -> PollOutcome {
        poll(number, orInterruptedBy: other, until: deadline)
    }
}

/// The right to send to a socket: void with the end of the writing that it was given for.
package struct SocketWriter {
    fileprivate let number: CInt

    @inline(__always)
    package func send(_ bytes: RawSpan) throws(Errno) -> Sent {
        try bytes.withUnsafeBytes { (bytes) throws(Errno) in try SocketCall.send(number, bytes) }
    }

    /// Sends bytes `start..<end` of the block.
    package func send(_ block: borrowing ByteBlock, from start: Int, to end: Int) throws(Errno) -> Sent {
        try SocketCall.send(number, UnsafeRawBufferPointer(rebasing: block.bytes[start..<end]))
    }

    /// Sends so many of the bytes in the pipe. The thread must have ``Signals/blockBrokenPipes()``.
    package func send(_ count: Int, from pipe: borrowing Pipe) throws(Errno) -> Sent {
        try SocketCall.send(number, count, from: pipe)
    }

    /// Waits until there is room, or the socket has failed or was shut down: true; or until it is time: false.
    package func waitUntilWritable(until deadline: MonotonicTime) -> Bool {
        if case .ready = poll(number, for: .writable, orInterruptedBy: -1, until: deadline) { return true }
        return false
    }

    package func closeWrite() { _ = shutdown(number, Direction.sending.flag) }
}
