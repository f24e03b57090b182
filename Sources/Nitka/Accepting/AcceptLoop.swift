// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// The accept loop of every model: one thread that takes clients from the backlog and hands them to the model.
///
/// Its sockets close when the loop is released: never before the backlog is empty, because that resets every client in it.
struct AcceptLoop<ServingModel: Model> {
    private let server: Server
    private let serving: Serving
    private let model: ServingModel
    private let sockets: [ListeningSocket]
    /// The wake-up, then the sockets.
    private var ready: PollSet
    /// The socket that the last client came from, and how many clients came from it in a row.
    private var last: (socket: ListeningSocket, inARow: Int)?
    private var troubles = AcceptTroubles()
    private var ignoresNewConnections = false
    /// A client that was accepted and has no thread yet.
    private var waitingForThread: ServingModel.Admitted?

    /// After this many clients in a row from one socket, all sockets are looked at.
    private static var mostInARow: Int { 64 }

    init(_ serving: Serving, _ model: ServingModel) {
        server = serving.server
        self.serving = serving
        self.model = model
        sockets = server.listener.withLock { $0.take() }?.sockets ?? []
        ready = PollSet([server.wake.descriptor.number] + sockets.map { $0.descriptor.number })
    }

    /// Accepts until the server drains and the backlog is empty, or the listener has failed: then it returns the failure.
    mutating func run() -> NitkaError? {
        defer { refuseWaitingClient() }
        while true {
            switch nextStep() {
            case .finish: return nil
            case .wait(let deadline): wait(until: deadline)
            case .startThread: startWaitingClient()
            case .accept(let mayWait):
                guard let socket = nextSocket(waits: mayWait) else {
                    if !mayWait { return nil }
                    continue
                }
                if let failure = accept(from: socket) { return failure }
            }
        }
    }

    private mutating func nextStep() -> AcceptStep {
        let (phase, isCuttingOff) = server.control.withLock { ($0.phase, $0.isCuttingOff) }
        if phase == .draining, !ignoresNewConnections {
            ignoresNewConnections = true
            for socket in sockets { socket.descriptor.ignoreNewConnections() }
        }
        return AcceptStep(
            phase: phase, isCuttingOff: isCuttingOff, hasWaitingClient: waitingForThread != nil,
            pausedUntil: troubles.pausedUntil, now: .now,
            isFull: server.registry.count >= serving.limits.clients, whenFull: serving.limits.whenFull)
    }

    // MARK: Waiting

    /// Waits for a wake-up alone: no client may be accepted now.
    private mutating func wait(until deadline: MonotonicTime?) {
        server.acceptLoopWaits.store(true, ordering: .sequentiallyConsistent)
        defer { server.acceptLoopWaits.store(false, ordering: .sequentiallyConsistent) }
        // A client that ends wakes only a loop that waits. One that ended just before must not be missed.
        guard case .wait = nextStep() else { return }
        if poll([server.wake.descriptor.number], until: deadline) != nil { noteWakeUp() }
    }

    /// Something has changed; a shortage may be over.
    private mutating func noteWakeUp() {
        server.wake.lower()
        troubles.endPause()
    }

    /// A call that finds no client costs less than a poll before each one, so the socket that had one is asked again.
    private mutating func nextSocket(waits: Bool) -> ListeningSocket? {
        if let last, last.inARow < Self.mostInARow {
            self.last = (last.socket, last.inARow + 1)
            return last.socket
        }
        last = readySocket(waits: waits).map { ($0, 1) }
        return last?.socket
    }

    private mutating func readySocket(waits: Bool) -> ListeningSocket? {
        guard let index = ready.wait(until: waits ? nil : .now) else { return nil }
        if index > 0 { return sockets[index - 1] }
        noteWakeUp()
        return waits ? nil : readySocket(waits: false)
    }

    // MARK: Accepting

    /// Returns a failure after which no client can be accepted any more.
    private mutating func accept(from socket: ListeningSocket) -> NitkaError? {
        do throws(Errno) {
            switch try socket.descriptor.accept(nonblocking: ServingModel.isNonblocking) {
            case .none: last = nil
            case .client(let descriptor, let peer):
                troubles.succeeded()
                admit(descriptor, SocketAddress(peer))
            }
            return nil
        } catch {
            return note(error, AcceptFailure(error), "accept") ? nil : server.listenerFailed(error)
        }
    }

    private mutating func admit(_ descriptor: consuming Descriptor, _ peer: SocketAddress) {
        var descriptor: Descriptor? = consume descriptor
        waitingForThread = serving.admit(peer) { id in
            model.makeClient(id, descriptor.take()!, serving.connectionState(of: peer))
        }
        startWaitingClient()
    }

    /// A client for which the system has no thread is kept: it is served when a thread becomes free.
    private mutating func startWaitingClient() {
        guard let client = waitingForThread else { return }
        do throws(Errno) {
            try model.start(client)
            waitingForThread = nil
        } catch {
            _ = note(error, .shortage, "make a thread")
        }
    }

    /// The drain has run out of time before a thread became free.
    private mutating func refuseWaitingClient() {
        if let client = waitingForThread.take() { serving.refuse(client, .tryAgain) }
    }

    /// Returns false when the loop has to give up.
    private mutating func note(_ errno: Errno, _ failure: AcceptFailure, _ operation: String) -> Bool {
        server.registry.noteAcceptFailure(errno.name)
        let (goesOn, count) = troubles.failed(failure, at: .now)
        if let count { server.report(.acceptTrouble(reason: "\(operation): \(errno)", count: count)) }
        return goesOn
    }
}

extension Server {
    /// The listener has failed: the server ends.
    fileprivate func listenerFailed(_ errno: Errno) -> NitkaError {
        let failure = NitkaError("accept on", addressText, .system(errno))
        report(.listenerFailed(reason: failure.description))
        drain()
        return failure
    }
}
