// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// The accept loop of every model: it takes clients from the backlog and hands them to the model.
///
/// It does not wait: ``run()`` returns what to wait for. Under the plain models, ``runBlocking()`` waits on a thread.
/// Under `tasks`, ``LoopAcceptor`` waits on the first event loop: a thread cost 21 % of the short connections.
///
/// Its sockets close when the loop is released, which resets every client in the backlog. A drain empties the backlog
/// before, unless its time runs out.
struct AcceptLoop<ServingModel: Model> {
    let server: Server
    let sockets: [ListeningSocket]
    private let serving: Serving
    private let model: ServingModel
    /// For each socket: false after an accept that found no client, true again after the next wait.
    private var mayHaveClient: [Bool]
    /// The socket that a turn begins with.
    private var firstSocket = 0
    private var troubles = AcceptTroubles()
    /// Until when a drain accepts the clients whose handshake is under way; nil before a drain.
    private var lastHandshake: MonotonicTime?
    private var accepted: UInt64 = 0
    /// A client that was accepted and has no thread yet.
    private var waitingForThread: ServingModel.Admitted?

    /// What the loop waits for.
    enum Wait {
        /// Only a wake-up or the deadline: no client may be accepted meanwhile.
        case wakeUp(until: MonotonicTime?)
        /// A client, a wake-up, or the deadline.
        case client(until: MonotonicTime?)
        /// Nothing: this turn is over. Other work of the thread comes first, then the loop continues.
        case turn
        /// The loop has ended. The error is the failure of the listener; nil after a drain.
        case end(NitkaError?)
    }

    /// The steps of one turn: a busy backlog must not keep the other clients of an event loop waiting.
    private static var clientsPerTurn: Int { 64 }

    init(_ serving: Serving, _ model: ServingModel) {
        server = serving.server
        self.serving = serving
        self.model = model
        sockets = server.listener.withLock { $0.take() }?.sockets ?? []
        mayHaveClient = sockets.map { _ in true }
    }

    /// Accepts until it has to wait.
    mutating func run() -> Wait {
        server.acceptLoopWaits.store(false, ordering: .sequentiallyConsistent)
        for _ in 0..<Self.clientsPerTurn {
            switch nextStep() {
            case .finish: return end(nil)
            case .startThread: startWaitingClient()
            case .wait(let deadline):
                server.acceptLoopWaits.store(true, ordering: .sequentiallyConsistent)
                // Look again: a client that ended before the flag was set has not woken the loop.
                if case .wait = nextStep() { return .wakeUp(until: deadline) }
                server.acceptLoopWaits.store(false, ordering: .sequentiallyConsistent)
            case .accept(let mayWait):
                guard let index = nextSocket() else { return mayWait ? .client(until: lastHandshake) : end(nil) }
                if let failure = accept(from: index) { return end(failure) }
            }
        }
        // A busy socket must not keep clients of the others waiting.
        firstSocket = (firstSocket + 1) % sockets.count
        return .turn
    }

    private func nextSocket() -> Int? {
        mayHaveClient[firstSocket...].firstIndex(of: true) ?? mayHaveClient.firstIndex(of: true)
    }

    private mutating func nextStep() -> AcceptStep {
        let (phase, isCuttingOff) = server.control.withLock { ($0.phase, $0.isCuttingOff) }
        if phase == .draining, lastHandshake == nil {
            lastHandshake = .now + ConnectionState.quietTime
            for socket in sockets { socket.descriptor.ignoreNewConnections() }
            // Look once more at every backlog before it counts as empty.
            noteClients()
        }
        return AcceptStep(
            phase: phase, isCuttingOff: isCuttingOff, lastHandshake: lastHandshake,
            hasWaitingClient: waitingForThread != nil,
            pausedUntil: troubles.pausedUntil, now: .now,
            isFull: server.registry.count >= serving.limits.clients, whenFull: serving.limits.whenFull)
    }

    /// Any socket may have a client.
    mutating func noteClients() { mayHaveClient = mayHaveClient.map { _ in true } }

    /// A shortage may be over: end the pause.
    mutating func noteWakeUp() {
        server.wake.lower()
        troubles.endPause()
    }

    /// Returns the failure of the listener, if it has failed.
    private mutating func accept(from index: Int) -> NitkaError? {
        do throws(Errno) {
            switch try sockets[index].descriptor.accept(nonblocking: ServingModel.isNonblocking) {
            case .none: mayHaveClient[index] = false
            case .client(let descriptor, let peer):
                troubles.succeeded()
                accepted += 1
                descriptor.spreadKeepalive(accepted)
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

    /// Returns false when the loop has to give up.
    private mutating func note(_ errno: Errno, _ failure: AcceptFailure, _ operation: String) -> Bool {
        server.registry.noteAcceptFailure(errno.name)
        let (goesOn, count) = troubles.failed(failure, at: .now)
        if let count { server.report(.acceptTrouble(reason: "\(operation): \(errno)", count: count)) }
        return goesOn
    }

    private mutating func end(_ failure: NitkaError?) -> Wait {
        // The drain has run out of time before a thread became free.
        if let client = waitingForThread.take() { serving.refuse(client, .tryAgain) }
        return .end(failure)
    }
}

extension AcceptLoop {
    /// Drives the loop on the calling thread, until the server drains and the backlog is empty, or the listener has failed:
    /// then it returns the failure.
    consuming func runBlocking() -> NitkaError? {
        var ready = PollSet([server.wake.descriptor.number] + sockets.map { $0.descriptor.number })
        while true {
            switch run() {
            case .end(let failure): return failure
            case .turn: continue
            case .wakeUp(let deadline):
                if poll([server.wake.descriptor.number], until: deadline) != nil { noteWakeUp() }
            case .client(let deadline):
                if ready.wait(until: deadline) == 0 { noteWakeUp() }
                noteClients()
            }
        }
    }
}

/// Drives the accept loop on an event loop's thread, without a thread of its own.
final class LoopAcceptor: @unchecked Sendable {
    // Unchecked: only the event loop's thread touches it after the start.
    private var acceptLoop: AcceptLoop<TaskPerClient>?
    private let loop: EventLoop
    /// The tokens of the wake-up and, after it, of the sockets.
    private var signals: [UInt64] = []
    private var isTurnPosted = false
    private let outcome = Monitor<NitkaError??>(nil)

    init(_ acceptLoop: consuming AcceptLoop<TaskPerClient>, on loop: EventLoop) {
        self.acceptLoop = acceptLoop
        self.loop = loop
    }

    /// Accepts until the server drains and the backlog is empty, or the listener has failed: then it returns the failure.
    ///
    /// Blocks the calling thread, which is not the loop's.
    func runBlocking() -> NitkaError? {
        loop.perform { [self] in start() }
        return outcome.wait { $0 } ?? nil
    }

    private func start() {
        guard let server = acceptLoop?.server, let sockets = acceptLoop?.sockets else { return }
        do throws(Errno) {
            let wake = try loop.add(signal: server.wake.descriptor.number) { [self] in
                acceptLoop?.noteWakeUp()
                // The deadline of a wait ends here too.
                acceptLoop?.noteClients()
                advance()
            }
            signals.append(wake)
            for socket in sockets {
                let clients = try loop.add(signal: socket.descriptor.number) { [self] in
                    acceptLoop?.noteClients()
                    advance()
                }
                signals.append(clients)
            }
            advance()
        } catch {
            finish(server.listenerFailed(error))
        }
    }

    private func advance() {
        if isTurnPosted { return }
        switch acceptLoop?.run() {
        case nil, .client(until: nil), .wakeUp(until: nil): return
        case .turn: continueLater()
        case .client(let deadline?), .wakeUp(let deadline?): loop.call(signal: signals[0], at: deadline)
        case .end(let failure): finish(failure)
        }
    }

    /// The next turn, after the loop's other work. Events that come before it start no further turn: the turns would
    /// multiply, and the clients of this loop starve.
    private func continueLater() {
        isTurnPosted = true
        loop.perform { [self] in
            isTurnPosted = false
            advance()
        }
    }

    /// Releases the sockets, which closes them.
    private func finish(_ failure: NitkaError?) {
        for signal in signals { loop.remove(signal: signal) }
        acceptLoop = nil
        outcome.update { $0 = .some(failure) }
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
