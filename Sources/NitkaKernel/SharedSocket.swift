// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// A connected socket that several threads know: one may read and one may write at a time, anybody may shut it
/// down, and its number goes back to the kernel only when nobody can still be using it.
///
/// `close` alone would not wake a thread that is blocked in `recv`, and its number, given out again, would hand one
/// client's bytes to another. So closing shuts down first, which wakes both sides, and takes all three locks.
package final class SharedSocket: Sendable {
    private let number: CInt
    // Each side's lock is held across its calls, the third only across those that never block. Lock order: reading,
    // writing, state.
    private let reading = Lock(true)
    private let writing = Lock(true)
    private let state = Lock(true)

    package init(owning descriptor: consuming Descriptor) { number = descriptor.release() }

    deinit { close() }

    /// Runs a body that may receive; nil when the socket was closed.
    @inline(__always)
    package func reading<Result, Failure: Error>(
        _ body: (SocketReader) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        try reading.withLock { (isOpen: inout Bool) throws(Failure) -> Result? in
            isOpen ? try body(SocketReader(number: number)) : nil
        }
    }

    /// Runs a body that may send, whose bytes no other writer's come between; nil when the socket was closed.
    @inline(__always)
    package func writing<Result, Failure: Error>(
        _ body: (SocketWriter) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        try writing.withLock { (isOpen: inout Bool) throws(Failure) -> Result? in
            isOpen ? try body(SocketWriter(number: number)) : nil
        }
    }

    /// Ends one direction or both, and so wakes whoever is blocked in it. Any thread, at any time.
    package func shutDown(_ direction: Direction) {
        state.withLock { isOpen in
            if isOpen { _ = shutdown(number, direction.flag) }
        }
    }

    /// Bytes that the peer has not acknowledged yet (a FIN counts as one); 0 when the socket was closed.
    package var unacknowledged: Int {
        state.withLock { isOpen in isOpen ? max(0, Int(nitka_unacknowledged(number))) : 0 }
    }

    package var localAddress: RawAddress? {
        state.withLock { isOpen in isOpen ? (try? SocketCall.localAddress(number)) ?? nil : nil }
    }

    package func setSendTimeout(_ timeout: Duration?) throws(Errno) {
        try state.withLock { (isOpen: inout Bool) throws(Errno) in
            if isOpen { try SocketOptions.setSendTimeout(timeout, on: number) }
        }
    }

    /// Gives the number back. Later calls on the socket find it closed; a second close does nothing.
    ///
    /// - Parameter abruptly: wakes a reader or writer on another thread first, ending both directions.
    package func close(wakingOthers: Bool = false) {
        if wakingOthers { shutDown(.both) }
        reading.withLock { (canRead: inout Bool) in
            writing.withLock { (canWrite: inout Bool) in
                state.withLock { (isOpen: inout Bool) in
                    guard isOpen else { return }
                    (canRead, canWrite, isOpen) = (false, false, false)
                    _ = Glibc.close(number)
                }
            }
        }
    }
}

/// The right to receive from a socket, as long as the body lasts that it was given to.
package struct SocketReader {
    fileprivate let number: CInt

    @inline(__always)
    package func receive(into span: inout MutableSpan<UInt8>) throws(Errno) -> Received {
        try span.withUnsafeMutableBytes { (room) throws(Errno) in try SocketCall.receive(number, room) }
    }

    /// Receives into bytes that nobody has to fill first.
    package func receive(into block: borrowing ByteBlock) throws(Errno) -> Received {
        try SocketCall.receive(number, block.bytes)
    }

    package func discard(atMost count: Int) throws(Errno) -> Received {
        try SocketCall.discard(number, atMost: count)
    }

    package func waitUntilReadable(orInterruptedBy other: CInt, until deadline: MonotonicTime?) -> PollOutcome {
        poll(number, orInterruptedBy: other, until: deadline)
    }
}

/// The right to send to a socket, as long as the body lasts that it was given to.
package struct SocketWriter {
    fileprivate let number: CInt

    @inline(__always)
    package func send(_ bytes: RawSpan) throws(Errno) -> Sent {
        try bytes.withUnsafeBytes { (bytes) throws(Errno) in try SocketCall.send(number, bytes) }
    }

    package func endSending() { _ = shutdown(number, Direction.sending.flag) }
}
