// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// The accepting thread of the plain models: waits for newcomers, and hands them to the model.
struct AcceptLoop {
    let server: Server
    let terms: ServingTerms
    let carrier: any ClientCarrier
    let serve: @Sendable (Client) -> Void

    private var acceptor: Acceptor
    /// The wake-up, then the sockets.
    private var newcomers: PollSet
    /// The socket that the last newcomer came from, and how many came from it in a row.
    private var busy: (socket: ListeningSocket, inARow: Int)?

    /// So many newcomers of one socket in a row, and then all are looked at.
    private static let mostInARow = 64

    init(server: Server, terms: ServingTerms, carrier: any ClientCarrier, serve: @escaping @Sendable (Client) -> Void) {
        self.server = server
        self.terms = terms
        self.carrier = carrier
        self.serve = serve
        acceptor = Acceptor(server: server, limits: terms.limits)
        newcomers = PollSet([server.wake.descriptor.number] + acceptor.sockets.map { $0.descriptor.number })
    }

    /// Accepts until the server drains and the queue is empty, or the listener is dead: then it says why.
    mutating func run() -> NitkaError? {
        while true {
            switch acceptor.nextMove() {
            case .finish: return nil
            case .sleep(let deadline): sleep(until: deadline)
            case .accept(let block):
                guard let socket = nextSocket(block: block) else {
                    if !block { return nil }
                    continue
                }
                switch acceptor.accept(from: socket, forLoop: false) {
                case .newcomer(let descriptor, let peer): admit(descriptor, peer)
                case .nobody: busy = nil
                case .trouble: continue
                case .end(let failure): return failure
                }
            }
        }
    }

    private mutating func sleep(until deadline: MonotonicTime?) {
        server.acceptorAwaitsRoom.store(true, ordering: .sequentiallyConsistent)
        defer { server.acceptorAwaitsRoom.store(false, ordering: .sequentiallyConsistent) }
        guard acceptor.mayStillSleep(until: deadline) else { return }
        if poll([server.wake.descriptor.number], until: deadline) != nil { woken() }
    }

    private mutating func woken() {
        server.wake.lower()
        acceptor.woken()
    }

    /// Where one came from, the next may be: a call that finds nobody costs less than a poll before each.
    private mutating func nextSocket(block: Bool) -> ListeningSocket? {
        if let last = busy, last.inARow < Self.mostInARow {
            busy = (last.socket, last.inARow + 1)
            return last.socket
        }
        busy = readySocket(block: block).map { ($0, 1) }
        return busy?.socket
    }

    private mutating func readySocket(block: Bool) -> ListeningSocket? {
        guard let index = newcomers.wait(until: block ? nil : .now) else { return nil }
        if index > 0 { return acceptor.sockets[index - 1] }
        woken()
        return block ? nil : readySocket(block: false)
    }

    private mutating func admit(_ descriptor: consuming Descriptor, _ peer: SocketAddress) {
        let connection = Connection(
            SharedSocket(owning: descriptor), peer: peer, interruption: server.interruption, pipes: terms.pipes)
        connection.adopt(terms)
        let admitted = server.admit(peer, limits: terms.limits) {
            Client(id: $0, connection: connection)
        } refuse: {
            $0.connection.close()
        }
        guard let client = admitted else { return }
        do throws(Errno) {
            try carrier.carry(client, serve)
        } catch {
            client.connection.finish(until: server.endPatience, discarding: 1 << 20)
            server.record(client, thread: nil, reason: .noThread(error.description), limits: terms.limits)
            acceptor.lacksThread(error)
        }
    }
}

extension Connection {
    /// The limits that a connection itself keeps to; the slice of its calls it has inherited from the listener.
    func adopt(_ terms: ServingTerms) {
        readPatience.store(terms.idleNanoseconds, ordering: .relaxed)
        writePatience.store(terms.writeNanoseconds, ordering: .relaxed)
        if let age = terms.limits.age { lastMoment.store((.now + age).nanoseconds, ordering: .relaxed) }
    }
}
