// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// A TCP connection whose calls suspend instead of blocking: the counterpart of ``Connection`` for tasks.
///
/// It belongs to one event loop. Calls from a task that runs there take the short way; from elsewhere they go there and
/// come back, so any task may use it. One task may read while another writes; others wait for their turn.
public final class AsyncConnection: Sendable {
    // What every message touches lies together, at the beginning.
    package let loop: EventLoop
    let socket: LoopSocket
    let interruption: Interruption?
    let pipes: PipeBudget?
    /// The other end's address.
    public let peer: SocketAddress

    let receivedCount = Atomic<UInt64>(0)
    let sentCount = Atomic<UInt64>(0)
    let inputEnded = Atomic<Bool>(false)
    let readPatience = Atomic<Int64>(.max)
    let writePatience = Atomic<Int64>(.max)
    let lastMoment = Atomic<Int64>(.max)
    let cutOff = Atomic<Bool>(false)

    // The loop's thread alone touches these. Unchecked: accesses of one thread in which nothing comes back to what is
    // accessed cannot overlap, and a check of that is two calls into the runtime.
    nonisolated(unsafe) let watch = Watch()
    @exclusivity(unchecked) nonisolated(unsafe) var reading = Turn()
    @exclusivity(unchecked) nonisolated(unsafe) var writing = Turn()
    /// Reads in a row that found something without waiting.
    @exclusivity(unchecked) nonisolated(unsafe) var readsInARow = 0
    /// Where the loop passes on to what comes, and what the task has to know of it.
    @exclusivity(unchecked) nonisolated(unsafe) unowned(unsafe) var target: AsyncConnection?
    @exclusivity(unchecked) nonisolated(unsafe) var passedByLoop: Result<Passed, NitkaError>?
    /// What a send could not take: a copy, of just that size.
    @exclusivity(unchecked) nonisolated(unsafe) var left: [UInt8]?
    @exclusivity(unchecked) nonisolated(unsafe) var detector = StreamDetector()
    /// With what a conversation in the loop ended.
    @exclusivity(unchecked) nonisolated(unsafe) var conversationFailure: NitkaError?

    /// - Parameter descriptor: of a socket that does not block.
    init(
        owning descriptor: consuming Descriptor, peer: SocketAddress, loop: EventLoop, interruption: Interruption?,
        pipes: PipeBudget?
    ) {
        socket = LoopSocket(owning: descriptor)
        self.peer = peer
        self.loop = loop
        self.interruption = interruption
        self.pipes = pipes
    }

    deinit {
        guard socket.isOpen else { return }
        // The watch is forgotten before the number can come back: both on the loop's thread, in this order.
        nonisolated(unsafe) let watch = watch
        let (loop, socket) = (loop, socket)
        let isTaken = loop.perform {
            loop.remove(watch.token)
            socket.close()
        }
        if !isTaken { socket.close() }
    }

    /// Has the loop watch it; on the loop's thread, before anything else.
    func attach() throws(Errno) {
        watch.endsWhenQuiet = interruption != nil
        try loop.add(watch, for: socket.number)
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
    /// ``NitkaError/Reason/stalled``, an eighth of the time later at most. A write of many bytes to a slow peer may take
    /// longer, as long as some go.
    public var writeTimeout: Duration? {
        get { Duration(patience: writePatience.load(ordering: .relaxed)) }
        set { writePatience.store(newValue?.clampedNanoseconds ?? .max, ordering: .relaxed) }
    }

    func failure(_ operation: String, _ reason: NitkaError.Reason) -> NitkaError {
        NitkaError(operation, peer.description, reason)
    }

    /// The moment `patience` from now, in the loop's time.
    func deadline(after patience: Int64) -> Int64 {
        let (moment, isNever) = loop.now.addingReportingOverflow(patience)
        return isNever ? .max : moment
    }
}
