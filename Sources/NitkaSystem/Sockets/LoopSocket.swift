// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// The number of a connected socket, until its owner closes it. Any thread may shut it down or ask about it.
///
/// Calls that may block are not here: the lock is held only across calls that never block.
struct OwnedSocket: ~Copyable, Sendable {
    let number: CInt
    private let open = Atomic<Bool>(true)
    private let ownership = Lock(())

    init(owning descriptor: consuming Descriptor) { number = descriptor.release() }

    deinit { close() }

    /// Stable only while the caller excludes a `close()`; otherwise the value may be stale.
    var isOpen: Bool { open.load(ordering: .acquiring) }

    func shutDown(_ direction: Direction) { whileOpen { _ = shutdown(number, direction.flag) } }

    /// Bytes that the peer has not acknowledged yet (a FIN counts as one); 0 when the socket is closed.
    var unacknowledged: Int { whileOpen { SocketCall.unacknowledged(number) } ?? 0 }

    var localAddress: RawAddress? { whileOpen { (try? SocketCall.localAddress(number)) ?? nil } ?? nil }

    /// Releases the number; a second close does nothing.
    func close() {
        whileOpen {
            open.store(false, ordering: .releasing)
            _ = Glibc.close(number)
        }
    }

    @discardableResult
    private func whileOpen<Result>(_ body: () -> Result) -> Result? {
        ownership.withLock { _ in isOpen ? body() : nil }
    }
}

/// A connected socket that belongs to one event loop. It never blocks, and only the loop's thread reads, writes and
/// closes it; any thread may shut it down or ask about it.
package final class LoopSocket: Sendable {
    private let socket: OwnedSocket

    /// - Parameter descriptor: a non-blocking socket.
    package init(owning descriptor: consuming Descriptor) { socket = OwnedSocket(owning: descriptor) }

    package var number: CInt { socket.number }

    package var isOpen: Bool { socket.isOpen }

    /// The number for one call. After a close it may be the number of another socket, which a task that waited meanwhile
    /// must not touch. Only the loop's thread closes, so the number stays valid until the call returns.
    @inline(__always)
    private var owned: CInt {
        get throws(Errno) {
            if !socket.isOpen { throw .badDescriptor }
            return socket.number
        }
    }

    @inline(__always)
    package func receive(into span: inout MutableSpan<UInt8>) throws(Errno) -> Received {
        try span.withUnsafeMutableBytes { (space) throws(Errno) in try SocketCall.receive(owned, space) }
    }

    /// Receives into uninitialized memory.
    package func receive(into block: borrowing ByteBlock) throws(Errno) -> Received {
        try SocketCall.receive(owned, block.bytes)
    }

    @inline(__always)
    package func send(_ bytes: RawSpan) throws(Errno) -> Sent {
        try bytes.withUnsafeBytes { (bytes) throws(Errno) in try SocketCall.send(owned, bytes) }
    }

    /// Sends the bytes `start..<end` of the block.
    package func send(_ block: borrowing ByteBlock, from start: Int, to end: Int) throws(Errno) -> Sent {
        try SocketCall.send(owned, UnsafeRawBufferPointer(rebasing: block.bytes[start..<end]))
    }

    /// Moves what has arrived into an empty pipe.
    package func receive(into pipe: borrowing Pipe) throws(Errno) -> Received {
        try SocketCall.receive(owned, into: pipe)
    }

    /// Sends `count` of the bytes in the pipe. The thread must have called ``Signals/blockBrokenPipes()``.
    package func send(_ count: Int, from pipe: borrowing Pipe) throws(Errno) -> Sent {
        try SocketCall.send(owned, count, from: pipe)
    }

    package func discard(atMost count: Int) throws(Errno) -> Received {
        try SocketCall.discard(owned, atMost: count)
    }

    /// Takes the result of a connection attempt out of the socket: a second call returns nil.
    package func connectionFailure() -> Errno? { SocketCall.takeError(socket.number) }

    package func shutDown(_ direction: Direction) { socket.shutDown(direction) }

    package var unacknowledged: Int { socket.unacknowledged }

    package var localAddress: RawAddress? { socket.localAddress }

    package func close() { socket.close() }
}
