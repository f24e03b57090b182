// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A TCP connection whose calls suspend instead of blocking: the counterpart of ``Connection`` for tasks.
///
/// It belongs to one event loop. Any task may use it: a call from outside the loop runs on the loop and returns. One
/// task may read while another writes; further tasks wait until the first has finished.
public final class AsyncConnection: Sendable {
    let loop: EventLoop
    let socket: LoopSocket
    let registration = Registration()
    let state: ConnectionState

    /// - Parameter descriptor: a non-blocking socket.
    init(owning descriptor: consuming Descriptor, loop: EventLoop, _ state: consuming ConnectionState) {
        socket = LoopSocket(owning: descriptor)
        self.loop = loop
        self.state = state
    }

    deinit {
        guard socket.isOpen else { return }
        // Remove the registration first: after the close, the kernel may give the descriptor to another socket.
        let (loop, socket, registration) = (loop, socket, registration)
        let isTaken = loop.perform {
            loop.remove(registration)
            socket.close()
        }
        if !isTaken { socket.close() }
    }

    /// Registers the connection with its loop. On the loop's thread, before any other call.
    func attach() throws(Errno) {
        registration.state.hearsOfDrain = state.drainSignal != nil
        try loop.add(registration, for: socket.number)
    }

    /// The number of this connection in the process; ``NitkaError/connection`` is the same number.
    public var id: ConnectionID { state.id }

    /// The other end's address.
    public var peer: SocketAddress { state.peer }

    /// This end's address; nil when the connection is closed.
    public var local: SocketAddress? { socket.localAddress.map { SocketAddress($0) } }

    /// How many bytes were read from it so far. Any thread may ask.
    public var bytesReceived: UInt64 { state.bytesReceived }

    /// How many bytes were handed to the kernel for the peer so far. Any thread may ask.
    public var bytesSent: UInt64 { state.bytesSent }

    var isDraining: Bool { state.isDraining }

    /// Whether the peer's end of stream was read.
    public var peerHasFinished: Bool { state.peerHasFinished }

    /// How long a read waits for the first byte before it throws ``NitkaError/Reason/idleTimeout``; nil for no limit,
    /// the default of a connection that the program opened. With 0 or less, a read takes only what has arrived.
    public var idleTimeout: Duration? {
        get { state.idleTimeout }
        set { state.idleTimeout = newValue }
    }

    /// How long a write may make no progress before it throws ``NitkaError/Reason/writeTimeout``; nil for no limit.
    ///
    /// The write notices it at most an eighth of the time later. A write of many bytes to a slow peer may take longer in
    /// all.
    public var writeTimeout: Duration? {
        get { state.writeTimeout }
        set { state.writeTimeout = newValue }
    }
}
