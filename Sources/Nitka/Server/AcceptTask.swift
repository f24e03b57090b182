// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// The accepting task of the `tasks` model, on the first loop: a newcomer of its own loop costs no switch of threads.
struct AcceptTask {
    let server: Server
    let terms: ServingTerms
    let loops: EventLoops

    /// So many newcomers in a row, and then the clients that are there have their turn.
    private static let mostInARow = 64

    /// Accepts until the server drains and the queue is empty, or the listener is dead: then it says why.
    nonisolated(nonsending) func run(_ take: (AsyncClient) -> Void) async -> NitkaError? {
        var acceptor = Acceptor(server: server, limits: terms.limits)
        let gate = AcceptGate(loops.first)
        do throws(Errno) {
            try gate.open(acceptor.sockets, wake: server.wake)
        } catch {
            return acceptor.fail(error)
        }
        server.tellOfBeginning(terms)
        defer { gate.close() }
        var inARow = 0
        var hasLookedTwice = false
        while true {
            switch acceptor.nextMove() {
            case .finish: return nil
            case .sleep(let deadline):
                server.acceptorAwaitsRoom.store(true, ordering: .sequentiallyConsistent)
                if acceptor.mayStillSleep(until: deadline), await gate.wait(until: deadline) { acceptor.woken() }
                server.acceptorAwaitsRoom.store(false, ordering: .sequentiallyConsistent)
            case .accept(let block):
                inARow += 1
                if inARow > Self.mostInARow {
                    inARow = 0
                    await loops.first.letOthersRun()
                }
                guard let index = gate.nextToAsk() else {
                    inARow = 0
                    if !block, hasLookedTwice { return nil }
                    if !block {
                        // Somebody may be in a queue of whom the loop has not heard yet.
                        hasLookedTwice = true
                        gate.askAll()
                        continue
                    }
                    if await gate.wait(until: nil) { acceptor.woken() }
                    continue
                }
                switch acceptor.accept(from: acceptor.sockets[index], forLoop: true) {
                case .newcomer(let descriptor, let peer):
                    if let client = admit(descriptor, peer) { take(client) }
                case .nobody: gate.isEmpty(index)
                case .trouble: continue
                case .end(let failure): return failure
                }
            }
        }
    }

    private func admit(_ descriptor: consuming Descriptor, _ peer: SocketAddress) -> AsyncClient? {
        let connection = AsyncConnection(
            owning: descriptor, peer: peer, loop: loops.next(), interruption: server.interruption,
            pipes: terms.pipes)
        connection.adopt(terms.limits)
        return server.admit(peer, limits: terms.limits) {
            AsyncClient(id: $0, connection: connection)
        } refuse: {
            $0.connection.close()
        }
    }
}

/// What an accepting task waits for: newcomers at any of its sockets, and the server's word that something has changed.
final class AcceptGate {
    private let loop: EventLoop
    private let watch = Watch()
    private var signals: [UInt64] = []
    /// The sockets whose queues may hold somebody.
    private var mayHold: [Bool] = []
    private var wasWoken = false

    init(_ loop: EventLoop) { self.loop = loop }

    func open(_ sockets: [ListeningSocket], wake: borrowing WakeEvent) throws(Errno) {
        loop.add(watch)
        mayHold = sockets.map { _ in true }
        for (index, socket) in sockets.enumerated() {
            signals.append(
                try loop.add(signal: socket.descriptor.number) { [self] in
                    mayHold[index] = true
                    watch.reader.resume(.ready)
                })
        }
        signals.append(
            try loop.add(signal: wake.descriptor.number) { [self] in
                wasWoken = true
                watch.reader.resume(.ready)
            })
    }

    func close() {
        for signal in signals { loop.remove(signal) }
        loop.remove(watch.token)
    }

    func nextToAsk() -> Int? { mayHold.firstIndex(of: true) }

    func askAll() { mayHold = mayHold.map { _ in true } }

    func isEmpty(_ index: Int) { mayHold[index] = false }

    /// Returns whether the server's word was what ended the wait.
    nonisolated(nonsending) func wait(until deadline: MonotonicTime?) async -> Bool {
        if !wasWoken {
            _ = await withUnsafeContinuation { continuation in
                watch.reader.wait(continuation, until: deadline?.nanoseconds ?? .max)
                loop.setAlarm(watch)
            }
        }
        defer { wasWoken = false }
        return wasWoken
    }
}

extension AsyncConnection {
    /// The limits that a connection itself keeps to.
    func adopt(_ limits: Limits) {
        readTimeout = limits.idleTime
        writeTimeout = limits.writeTime
        if let age = limits.age { lastMoment.store((.now + age).nanoseconds, ordering: .relaxed) }
    }
}
