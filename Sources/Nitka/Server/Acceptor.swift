// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// Takes newcomers from the kernel's queue and decides what comes next, whatever goes wrong meanwhile. It never waits:
/// that is the part of who drives it, a thread or a task.
///
/// The sockets close when it goes: never before the queue was emptied, since that would reset whoever is in it.
struct Acceptor {
    let server: Server
    let limits: Limits
    let sockets: [ListeningSocket]

    private var backOff = BackOff()
    private var notice = TroubleNotice()
    private var pausedUntil: MonotonicTime?
    private var ignoresNewcomers = false

    init(server: Server, limits: Limits) {
        self.server = server
        self.limits = limits
        sockets = server.listener.withLock { $0.take() }?.sockets ?? []
    }

    enum Move {
        /// Wait for a wake-up alone: nobody may be accepted now.
        case sleep(until: MonotonicTime?)
        /// Accept one; while draining nobody waits for newcomers, and an empty queue is the end.
        case accept(block: Bool)
        case finish
    }

    mutating func nextMove() -> Move {
        let (phase, isCuttingOff) = server.control.withLock { ($0.phase, $0.isCuttingOff) }
        if isCuttingOff { return .finish }
        if phase == .draining, !ignoresNewcomers {
            ignoresNewcomers = true
            for socket in sockets { socket.descriptor.ignoreNewConnections() }
        }
        if phase == .paused { return .sleep(until: nil) }
        if let pausedUntil {
            if pausedUntil > .now { return .sleep(until: pausedUntil) }
            self.pausedUntil = nil
        }
        if server.registry.count >= limits.clients, limits.whenFull == .wait || phase == .draining {
            return .sleep(until: nil)
        }
        return .accept(block: phase != .draining)
    }

    /// To be asked after the server was told that the acceptor sleeps, and before it does: has anything changed since
    /// its last move? A client that leaves wakes a sleeper alone.
    func mayStillSleep(until deadline: MonotonicTime?) -> Bool {
        deadline != nil || server.registry.count >= limits.clients || server.control.withLock { $0.phase == .paused }
    }

    /// Something has changed: a shortage may be over.
    mutating func woken() { pausedUntil = nil }

    /// Takes the next from the socket's queue.
    mutating func accept(from socket: ListeningSocket, forLoop: Bool) -> Taken {
        do throws(Errno) {
            switch try socket.descriptor.accept(forLoop: forLoop) {
            case .nobody: return .nobody
            case .client(let descriptor, let peer):
                backOff.succeeded()
                return .newcomer(descriptor, SocketAddress(peer))
            }
        } catch {
            return note(error, of: AcceptFailure(error), "accept on \(socket.address)")
        }
    }

    enum Taken: ~Copyable {
        case newcomer(Descriptor, SocketAddress)
        case nobody
        /// Ask for the next move.
        case trouble
        case end(NitkaError)
    }

    /// No thread can be had to carry a client.
    mutating func lacksThread(_ errno: Errno) { _ = note(errno, of: .shortage, "make a thread") }

    private mutating func note(_ errno: Errno, of kind: AcceptFailure, _ operation: String) -> Taken {
        server.registry.noteAcceptFailure(errno.name)
        if let count = notice.count(at: .now), kind != .ofOneClient {
            server.tell(.acceptTrouble(reason: "\(operation): \(errno)", count: count))
        }
        switch backOff.failed(kind) {
        case .retry: return .trouble
        case .pause(let time):
            pausedUntil = .now + time
            return .trouble
        case .giveUp: return .end(fail(errno))
        }
    }

    /// Nobody can be accepted any more: the server ends.
    func fail(_ errno: Errno) -> NitkaError {
        let failure = NitkaError("accept on", server.addresses[0].description, .system(errno))
        server.tell(.listenerFailed(reason: failure.description))
        server.drain()
        return failure
    }
}

extension Server {
    /// Gives a newcomer its place; nil when it was turned away.
    func admit<Admitted: ServedClient>(
        _ peer: SocketAddress, limits: Limits, _ makeClient: (ClientID) -> Admitted, refuse: (Admitted) -> Void
    ) -> Admitted? {
        let (client, refusal, isNewlyFull) = registry.admit(peer, limits: limits, makeClient)
        if isNewlyFull { tell(.full(clients: limits.clients)) }
        if let refusal {
            refuse(client)
            record(client, thread: nil, reason: refusal, limits: limits)
            return nil
        }
        if control.withLock({ $0.isCuttingOff }) { client.cutOff() }
        return client
    }

    /// The last of a client that is closed: its record, and its place is free again.
    func record(
        _ client: any ServedClient, thread: @autoclosure () -> ThreadName?, reason: EndReason, limits: Limits
    ) {
        registry.remove(client, reason, limits: limits)
        tellOfClient(
            .clientLeft(
                ClientRecord(
                    id: client.id, peer: client.peer, thread: thread(), reason: reason,
                    bytesIn: client.carried.bytesReceived, bytesOut: client.carried.bytesSent,
                    duration: .now - client.admission.moment)))
        if acceptorAwaitsRoom.load(ordering: .sequentiallyConsistent) { wake.raise() }
    }

    /// Why a client's handler ended, unless the server had decided before.
    func reason(_ client: any ServedClient, after failure: (any Error)?) -> EndReason {
        var reason = EndReason(of: failure, peerHasFinished: client.carried.peerHasFinished)
        if reason == .handlerFinished, client.isDraining { reason = .drained }
        return client.admission.decide(reason)
    }

    /// Until when the end of a client may take.
    var endPatience: MonotonicTime {
        let patience = MonotonicTime.now + .seconds(2)
        return min(patience, control.withLock { $0.drain?.deadline } ?? patience)
    }
}

extension EndReason {
    /// Is there nobody left who could lose anything?
    var endsAtOnce: Bool {
        switch self {
        case .peerReset, .writeStalled, .ended, .overLimit: true
        default: false
        }
    }
}
