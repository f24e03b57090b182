// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A TCP connection whose calls suspend instead of blocking: the counterpart of ``Connection`` for tasks.
///
/// It belongs to one event loop. A call from a task on that loop stays there; a call from elsewhere runs on the loop and
/// returns, so any task may use it. One task may read while another writes; further tasks wait for their turn.
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
        // The loop forgets the registration before the kernel can reuse the number: on the loop's thread, in this order.
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

    /// This connection's number in the process; an error that it throws has the same one.
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

    /// How long a read waits for the first byte before it throws ``NitkaError/Reason/idleTimeout``; nil, the default of a
    /// connection that the program opened, for no limit. A value of 0 or less only takes what is already there.
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
