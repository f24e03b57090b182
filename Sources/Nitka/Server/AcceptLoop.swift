// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel
internal import Synchronization

/// Takes clients from the kernel's queue and hands them to the model, whatever goes wrong meanwhile.
struct AcceptLoop {
    let server: Server
    let limits: Limits
    let carrier: any ClientCarrier
    let serve: @Sendable (Client) -> Void

    private let sockets: [ListeningSocket]
    private var backOff = BackOff()
    private var notice = TroubleNotice()
    private var pausedUntil: MonotonicTime?
    private var ignoresNewcomers = false

    init(server: Server, limits: Limits, carrier: any ClientCarrier, serve: @escaping @Sendable (Client) -> Void) {
        self.server = server
        self.limits = limits
        self.carrier = carrier
        self.serve = serve
        sockets = server.listener.withLock { $0.take() }?.sockets ?? []
    }

    /// Accepts until the server drains and the queue is empty, or the listener is dead: then it says why.
    ///
    /// The sockets close when it has returned and the loop goes: never before the queue was emptied, since that would
    /// reset whoever is in it.
    mutating func run() -> NitkaError? {
        while true {
            switch nextMove() {
            case .finish: return nil
            case .sleep(let deadline): sleep(until: deadline)
            case .accept(let block):
                guard let socket = readySocket(block: block) else {
                    if !block { return nil }
                    continue
                }
                if let failure = accept(from: socket) { return failure }
            }
        }
    }

    private enum Move {
        /// Wait for a wake-up alone: nobody may be accepted now.
        case sleep(until: MonotonicTime?)
        /// Accept one; while draining nobody waits for newcomers, and an empty queue is the end.
        case accept(block: Bool)
        case finish
    }

    private mutating func nextMove() -> Move {
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

    /// A client that leaves wakes the loop only while the flag is up; the second look closes the gap between the first
    /// look and the flag.
    private mutating func sleep(until deadline: MonotonicTime?) {
        server.acceptorAwaitsRoom.store(true, ordering: .sequentiallyConsistent)
        defer { server.acceptorAwaitsRoom.store(false, ordering: .sequentiallyConsistent) }
        if deadline == nil, server.registry.count < limits.clients, server.control.withLock({ $0.phase != .paused }) {
            return
        }
        if poll([server.wake.descriptor.number], until: deadline) != nil { woken() }
    }

    /// Something has changed: a shortage may be over.
    private mutating func woken() {
        server.wake.lower()
        pausedUntil = nil
    }

    private mutating func readySocket(block: Bool) -> ListeningSocket? {
        let numbers = [server.wake.descriptor.number] + sockets.map { $0.descriptor.number }
        guard let index = poll(numbers, until: block ? nil : .now) else { return nil }
        if index > 0 { return sockets[index - 1] }
        woken()
        return block ? nil : readySocket(block: false)
    }

    private mutating func accept(from socket: ListeningSocket) -> NitkaError? {
        do throws(Errno) {
            switch try socket.descriptor.accept() {
            case .nobody: break
            case .client(let descriptor, let peer):
                backOff.succeeded()
                let connection = Connection(
                    SharedSocket(owning: descriptor), peer: SocketAddress(peer), interruption: server.interruption)
                connection.adopt(limits)
                admit(connection)
            }
            return nil
        } catch {
            return note(error, of: AcceptFailure(error), "accept on \(socket.address)")
        }
    }

    private mutating func admit(_ connection: Connection) {
        let (client, refusal, isNewlyFull) = server.registry.admit(connection, limits: limits)
        if isNewlyFull { server.tell(.full(clients: limits.clients)) }
        if let refusal {
            server.close(client, thread: nil, reason: refusal, limits: limits)
            return
        }
        if server.control.withLock({ $0.isCuttingOff }) { client.cutOff() }
        do throws(Errno) {
            try carrier.carry(client, serve)
        } catch {
            server.close(client, thread: nil, reason: .noThread(error.description), limits: limits)
            _ = note(error, of: .shortage, "make a thread")
        }
    }

    private mutating func note(_ errno: Errno, of kind: AcceptFailure, _ operation: String) -> NitkaError? {
        server.registry.noteAcceptFailure(errno.name)
        if let count = notice.count(at: .now), kind != .ofOneClient {
            server.tell(.acceptTrouble(reason: "\(operation): \(errno)", count: count))
        }
        switch backOff.failed(kind) {
        case .retry: return nil
        case .pause(let time):
            pausedUntil = .now + time
            return nil
        case .giveUp:
            let failure = NitkaError("accept on", server.addresses[0].description, .system(errno))
            server.tell(.listenerFailed(reason: failure.description))
            server.drain()
            return failure
        }
    }
}

extension Connection {
    /// The limits that a connection itself keeps to; the send timeout it has inherited from the listener.
    func adopt(_ limits: Limits) {
        readTimeout = limits.idleTime
        writePatience.store(limits.writeTime?.clampedNanoseconds ?? .max, ordering: .relaxed)
        if let age = limits.age { lastMoment.store((.now + age).nanoseconds, ordering: .relaxed) }
    }
}
