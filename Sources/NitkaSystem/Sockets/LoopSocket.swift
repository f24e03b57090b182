// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A connected socket that belongs to one event loop: it never blocks, and only the loop's thread reads, writes and
/// closes it. Shutting it down and asking about it is open to every thread.
package final class LoopSocket: Sendable {
    private let socket: OwnedSocket

    /// - Parameter descriptor: of a socket that does not block.
    package init(owning descriptor: consuming Descriptor) { socket = OwnedSocket(owning: descriptor) }

    package var number: CInt { socket.number }

    package var isOpen: Bool { socket.isOpen }

    /// The number for one call: after a close it may be another socket's already, and a task that waited meanwhile must
    /// touch that no more. The loop's thread alone closes it, so it is settled until the call returns.
    @inline(__always)
    private var owned: CInt {
        get throws(Errno) {
            if !socket.isOpen { throw .badDescriptor }
            return socket.number
        }
    }

    @inline(__always)
    package func receive(into span: inout MutableSpan<UInt8>) throws(Errno) -> Received {
        try span.withUnsafeMutableBytes { (room) throws(Errno) in try SocketCall.receive(owned, room) }
    }

    /// Receives into bytes that nobody has to fill first: those of the block from `start` on.
    package func receive(into block: borrowing ByteBlock, from start: Int = 0) throws(Errno) -> Received {
        try SocketCall.receive(owned, UnsafeMutableRawBufferPointer(rebasing: block.bytes[start...]))
    }

    @inline(__always)
    package func send(_ bytes: RawSpan) throws(Errno) -> Sent {
        try bytes.withUnsafeBytes { (bytes) throws(Errno) in try SocketCall.send(owned, bytes) }
    }

    /// Sends bytes `start..<end` of the block.
    package func send(_ block: borrowing ByteBlock, from start: Int, to end: Int) throws(Errno) -> Sent {
        try SocketCall.send(owned, UnsafeRawBufferPointer(rebasing: block.bytes[start..<end]))
    }

    /// Moves what has come into an empty pipe.
    package func receive(into pipe: borrowing Pipe) throws(Errno) -> Received {
        try SocketCall.receive(owned, into: pipe)
    }

    /// Sends so many of the bytes in the pipe. The thread must have ``Signals/blockBrokenPipes()``.
    package func send(_ count: Int, from pipe: borrowing Pipe) throws(Errno) -> Sent {
        try SocketCall.send(owned, count, from: pipe)
    }

    package func discard(atMost count: Int) throws(Errno) -> Received {
        try SocketCall.discard(owned, atMost: count)
    }

    /// What became of a connection attempt: it is taken from the socket, so it can be asked once.
    package func connectionFailure() -> Errno? { SocketCall.takeError(socket.number) }

    package func shutDown(_ direction: Direction) { socket.shutDown(direction) }

    package var unacknowledged: Int { socket.unacknowledged }

    package var localAddress: RawAddress? { socket.localAddress }

    package func close() { socket.close() }
}
