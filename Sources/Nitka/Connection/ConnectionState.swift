// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// A connection's number in this process: no two connections have the same one.
public typealias ConnectionID = UInt64

private let lastConnectionID = Atomic<ConnectionID>(0)

/// What both kinds of connection keep beside their socket: counters, deadlines and flags. Any thread may use it.
struct ConnectionState: ~Copyable, Sendable {
    // The fields that every message uses are first, so that one message touches few cache lines.
    let drainSignal: DrainSignal?
    /// In nanoseconds of the monotonic clock; `.max` for no limit.
    private let endOfLife = Atomic<Int64>(.max)
    private let idleNanoseconds = Atomic<Int64>(.max)
    private let writeNanoseconds = Atomic<Int64>(.max)
    private let received = Atomic<UInt64>(0)
    private let sent = Atomic<UInt64>(0)
    /// Capacity of the next read of an array. It starts small because an idle thread keeps the stack pages that it has
    /// touched, and grows while reads fill it.
    private let capacity = Atomic<Int>(2048)
    private let inputHasEnded = Atomic<Bool>(false)
    private let inputIsCutOff = Atomic<Bool>(false)
    private let peerHasEnded = Atomic<Bool>(false)
    private let isShutDown = Atomic<Bool>(false)
    let peer: SocketAddress
    let pipes: PipePool?
    let id: ConnectionID = lastConnectionID.wrappingAdd(1, ordering: .relaxed).newValue

    init(peer: SocketAddress, drainSignal: DrainSignal? = nil, pipes: PipePool? = nil, limits: Limits? = nil) {
        self.peer = peer
        self.drainSignal = drainSignal
        self.pipes = pipes
        guard let limits else { return }
        idleTimeout = limits.idleTimeout
        writeTimeout = limits.writeTimeout
        if let age = limits.maximumAge { endOfLife.store((.now + age).nanoseconds, ordering: .relaxed) }
    }

    /// The pipes of a relay: those of the server that one of the connections belongs to.
    func pipes(to other: borrowing ConnectionState) -> PipePool { pipes ?? other.pipes ?? .outsideServers }

    func failure(_ operation: String, _ reason: NitkaError.Reason) -> NitkaError {
        NitkaError(operation, peer.description, reason, connection: id)
    }
}

extension ConnectionState {
    var bytesReceived: UInt64 { received.load(ordering: .relaxed) }
    var bytesSent: UInt64 { sent.load(ordering: .relaxed) }

    /// Only the holder of the right to read calls it, so a load and a store are enough.
    func noteReceived(_ count: Int) { received.store(bytesReceived &+ UInt64(count), ordering: .relaxed) }

    static let largestReadCapacity = 32 * 1024

    var readCapacity: Int { capacity.load(ordering: .relaxed) }

    func noteArrayRead(_ count: Int) {
        if count == readCapacity, count < Self.largestReadCapacity { capacity.store(count * 4, ordering: .relaxed) }
    }

    /// Only the holder of the right to write calls it.
    func noteSent(_ count: Int) { sent.store(bytesSent &+ UInt64(count), ordering: .relaxed) }

    /// The end of the stream was read.
    var inputIsAtEnd: Bool { inputHasEnded.load(ordering: .acquiring) }

    /// The end of the stream was read, and the peer sent it: a shutdown on this side ends the input too.
    var peerHasFinished: Bool { peerHasEnded.load(ordering: .acquiring) }

    func noteEndOfInput() {
        if !isShutDown.load(ordering: .acquiring) { peerHasEnded.store(true, ordering: .releasing) }
        inputHasEnded.store(true, ordering: .releasing)
    }

    /// This side is about to shut down both directions.
    func noteShutDown() { isShutDown.store(true, ordering: .releasing) }
}

extension ConnectionState {
    var idleTimeout: Duration? {
        get { Duration(nanosecondsOrForever: idleNanoseconds.load(ordering: .relaxed)) }
        nonmutating set { idleNanoseconds.store(newValue?.clampedNanoseconds ?? .max, ordering: .relaxed) }
    }

    var writeTimeout: Duration? {
        get { Duration(nanosecondsOrForever: writeNanoseconds.load(ordering: .relaxed)) }
        nonmutating set { writeNanoseconds.store(newValue?.clampedNanoseconds ?? .max, ordering: .relaxed) }
    }

    /// When the connection reaches its maximum age.
    var lifetimeEnd: MonotonicTime { MonotonicTime(nanoseconds: endOfLife.load(ordering: .relaxed)) }

    /// The clock is read only for a connection that has a maximum age.
    func isOverAge(at now: @autoclosure () -> MonotonicTime) -> Bool {
        let end = endOfLife.load(ordering: .relaxed)
        return end != .max && now().nanoseconds >= end
    }

    /// While the server drains, input that stays quiet for this long has ended.
    static let quietTime = Duration.milliseconds(100)

    var isDraining: Bool { drainSignal?.isRaised ?? false }

    /// The drain has run out of time: no further read begins.
    var isCutOff: Bool { inputIsCutOff.load(ordering: .acquiring) }

    func cutOff() { inputIsCutOff.store(true, ordering: .releasing) }

    /// recv(2) waits for up to `slice`, and notices neither a drain nor a shorter timeout: then poll first.
    func mustPollBeforeReceive(slice: Duration) -> Bool {
        isDraining || idleNanoseconds.load(ordering: .relaxed) < slice.clampedNanoseconds
    }

    /// The loop's own clock, read once per poll, is not exact enough for the timeout.
    var hasShortTimeout: Bool { isDraining || idleNanoseconds.load(ordering: .relaxed) < 1_000_000_000 }

    /// The moment until which a read waits for input, if it has waited since `start`.
    func readDeadline(waitingSince start: MonotonicTime) -> MonotonicTime {
        if isDraining { return start + Self.quietTime }
        let (idleEnd, isNever) = start.nanoseconds.addingReportingOverflow(idleNanoseconds.load(ordering: .relaxed))
        return min(isNever ? .distantFuture : MonotonicTime(nanoseconds: idleEnd), lifetimeEnd)
    }

    /// Why a read fails whose deadline has passed; nil while the server drains: then it is the end of the stream.
    func endOfSilence(at now: MonotonicTime) -> NitkaError.Reason? {
        isDraining ? nil : isOverAge(at: now) ? .maximumAge : .idleTimeout
    }

    func writeStallDetector(unacknowledged: Int, waitingSince start: MonotonicTime) -> WriteStallDetector {
        WriteStallDetector(
            timeout: writeNanoseconds.load(ordering: .relaxed), lifetimeEnd: lifetimeEnd.nanoseconds,
            unacknowledged: unacknowledged, now: start.nanoseconds)
    }
}

extension Duration {
    /// A timeout as an atomic keeps it: nanoseconds, `.max` for no timeout.
    fileprivate init?(nanosecondsOrForever nanoseconds: Int64) {
        if nanoseconds == .max { return nil }
        self = .nanoseconds(nanoseconds)
    }
}

/// Decides when a graceful close stops discarding input: a pure value that both kinds of connection use.
///
/// Closing with unread input resets the connection, which destroys what the peer has not read yet. So a graceful close
/// sends FIN, discards what still arrives, and closes only when nothing can be lost any more.
struct GracefulClose: Hashable {
    /// How long to wait for input from a peer that has acknowledged everything. Without this bound, an iterative server
    /// would serve no other client until the deadline.
    static let quietTime = Duration.milliseconds(500)
    /// Beyond the discard limit, the close reads nothing, and checks at this interval what the peer has acknowledged.
    static let pollInterval = Duration.milliseconds(10)

    enum Step: Hashable {
        /// Discard what is there, and wait for more at most until this moment.
        case discard(until: MonotonicTime)
        /// Read nothing; wait for a failure until this moment.
        case wait(until: MonotonicTime)
        case close
    }

    let deadline: MonotonicTime
    let limit: Int
    private var discarded = 0
    private var wasQuiet = false

    init(deadline: MonotonicTime, limit: Int) {
        self.deadline = deadline
        self.limit = limit
    }

    mutating func noteDiscarded(_ count: Int) {
        discarded += count
        wasQuiet = false
    }

    /// Nothing came until the moment that the last step named.
    mutating func noteQuiet() { wasQuiet = true }

    /// - Parameter unacknowledged: bytes that the peer has not acknowledged yet.
    func next(unacknowledged: Int, at now: MonotonicTime) -> Step {
        if now >= deadline { return .close }
        let isBeyondLimit = discarded >= limit
        if (isBeyondLimit || wasQuiet) && unacknowledged == 0 { return .close }
        if isBeyondLimit { return .wait(until: min(deadline, now + Self.pollInterval)) }
        return .discard(until: min(deadline, now + Self.quietTime))
    }
}
