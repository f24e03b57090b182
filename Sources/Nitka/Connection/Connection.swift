// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A TCP connection, seen from either end, with plain calls that block until the work is done.
///
/// One thread may read while another writes. Several may write: their bytes never interleave. Any thread may shut it
/// down, which wakes the others. It closes when its last owner releases it, or by ``close()``.
public final class Connection: Sendable {
    let socket: SharedSocket
    let state: ConnectionState

    /// The timeout of one recv(2) or send(2); after it the caller polls. A peer that pauses for less costs no poll.
    /// While a peer pauses for longer, the poll notices a drain.
    static let slice = Duration.milliseconds(200)

    init(_ socket: consuming SharedSocket, _ state: consuming ConnectionState) {
        self.socket = socket
        self.state = state
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
    /// The write notices it at most 200 ms and an eighth of the time later. A write of many bytes to a slow peer may take
    /// longer in all.
    public var writeTimeout: Duration? {
        get { state.writeTimeout }
        set { state.writeTimeout = newValue }
    }
}
