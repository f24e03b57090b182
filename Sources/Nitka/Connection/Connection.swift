// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// A TCP connection, seen from either end: plain blocking calls that return when the work is done.
///
/// One thread may read while another writes. Several may write: their bytes do not mix. Any thread may shut it down,
/// which wakes the others. It is closed when its last owner lets it go, or by ``close()``.
public final class Connection: Sendable {
    // What every message comes by stands together: of hundreds of clients each has left the processor's caches before it
    // speaks again.
    let socket: SharedSocket
    let interruption: Interruption?
    let lastMoment = Atomic<Int64>(.max)
    let receivedCount = Atomic<UInt64>(0)
    let sentCount = Atomic<UInt64>(0)

    /// The other end's address.
    public let peer: SocketAddress

    let inputEnded = Atomic<Bool>(false)
    let cutOff = Atomic<Bool>(false)
    let readPatience = Atomic<Int64>(.max)
    let writePatience = Atomic<Int64>(.max)
    let pipes: PipeBudget?
    // Only the thread that holds the right to read touches it.
    @exclusivity(unchecked) nonisolated(unsafe) var scratch: ByteBlock?

    init(
        _ socket: consuming SharedSocket, peer: SocketAddress, interruption: Interruption?, pipes: PipeBudget? = nil
    ) {
        self.socket = socket
        self.peer = peer
        self.interruption = interruption
        self.pipes = pipes
    }

    /// This end's address; nil when the connection is closed.
    public var local: SocketAddress? { socket.localAddress.map { SocketAddress($0) } }

    /// How many bytes were read from it so far. Any thread may ask.
    public var bytesReceived: UInt64 { receivedCount.load(ordering: .relaxed) }

    /// How many bytes were handed to the kernel for the peer so far. Any thread may ask.
    public var bytesSent: UInt64 { sentCount.load(ordering: .relaxed) }

    /// Has the peer's end of stream been read?
    public var peerHasFinished: Bool { inputEnded.load(ordering: .acquiring) }

    /// How long a read waits for the first byte; nil, as at first, for ever. Then it throws ``NitkaError/Reason/idle``.
    public var readTimeout: Duration? {
        get { Duration(patience: readPatience.load(ordering: .relaxed)) }
        set { readPatience.store(newValue?.clampedNanoseconds ?? .max, ordering: .relaxed) }
    }

    /// How long a write waits for the peer to take anything; nil, as at first, for ever. Then it throws
    /// ``NitkaError/Reason/stalled``, a fifth of a second and an eighth of the time later at most. A write of many bytes to
    /// a slow peer may take longer, as long as some go.
    public var writeTimeout: Duration? {
        get { Duration(patience: writePatience.load(ordering: .relaxed)) }
        set { writePatience.store(newValue?.clampedNanoseconds ?? .max, ordering: .relaxed) }
    }

    func failure(_ operation: String, _ reason: NitkaError.Reason) -> NitkaError {
        NitkaError(operation, peer.description, reason)
    }
}

extension Duration {
    /// A timeout as it is kept in an atomic: nanoseconds, of which the most stand for ever.
    init?(patience nanoseconds: Int64) {
        if nanoseconds == .max { return nil }
        self = .nanoseconds(nanoseconds)
    }
}
