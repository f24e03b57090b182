// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// One run of a server: it admits clients, serves each one with the handler, and records how each one ended. Every model
/// uses it.
final class Serving: Sendable {
    let server: Server
    /// The limits in force: those of the server, lowered to what the machine has resources for.
    let limits: Limits
    let pipes: PipePool

    init(_ server: Server, _ effective: EffectiveLimits) {
        self.server = server
        limits = effective.limits
        pipes = effective.pipes
    }

    func connectionState(of peer: SocketAddress) -> ConnectionState {
        ConnectionState(peer: peer, drainSignal: server.drainSignal, pipes: pipes, limits: limits)
    }

    /// Registers an accepted client. Closes and records a client that a limit refuses, and returns nil.
    func admit<Admitted: ServedClient>(_ peer: SocketAddress, _ makeClient: (ClientID) -> Admitted) -> Admitted? {
        let (client, refusal, isNewlyFull) = server.registry.admit(peer, limits: limits, makeClient)
        if isNewlyFull { server.report(.full(clients: limits.clients)) }
        if let refusal {
            client.served.closeUnserved(until: .now)
            record(client, thread: nil, ending: Ending(refusal))
            return nil
        }
        if server.control.withLock({ $0.isCuttingOff }) { client.cutOff() }
        return client
    }

    /// Serves a client on the calling thread, from its first event to its record.
    func serve(_ client: Client, _ handler: (Client) throws -> Void) {
        server.reportClient(.clientStarted(id: client.id, peer: client.peer, thread: .current))
        var failure: (any Error)?
        do { try handler(client) } catch { failure = error }
        let ending = ending(of: client, after: failure)
        if ending.reason.closesAtOnce {
            client.connection.close()
        } else {
            client.connection.close(gracefullyUntil: closeDeadline, discarding: Self.discardLimit)
        }
        record(client, thread: .current, ending: ending)
    }

    /// Serves a client on its loop, from its first event to its record.
    func serve(_ client: AsyncClient, _ handler: (AsyncClient) async throws -> Void) async {
        server.reportClient(.clientStarted(id: client.id, peer: client.peer, thread: client.connection.loop.thread))
        var failure: (any Error)?
        do { try await handler(client) } catch { failure = error }
        let ending = ending(of: client, after: failure)
        if ending.reason.closesAtOnce {
            client.connection.close()
        } else {
            await client.connection.close(gracefullyUntil: closeDeadline, discarding: Self.discardLimit)
        }
        record(client, thread: client.connection.loop.thread, ending: ending)
    }

    static let discardLimit = 1 << 20

    /// Closes and records a client for which the system has no thread or registration.
    func refuse(_ client: any ServedClient, _ errno: Errno) {
        client.served.closeUnserved(until: closeDeadline)
        record(client, thread: nil, ending: Ending(.noThread(errno.description)))
    }

    /// Admits a client of a server that is full or whose drain is over: it is only cut off.
    func admitLate(_ descriptor: consuming Descriptor, _ peer: SocketAddress) -> Client {
        var descriptor: Descriptor? = consume descriptor
        let (client, _, _) = server.registry.admit(peer, limits: limits) { id in
            Client(
                id: id, connection: Connection(SharedSocket(owning: descriptor.take()!), connectionState(of: peer)))
        }
        client.cutOff()
        return client
    }

    func recordCutOff(_ client: Client) {
        record(client, thread: nil, ending: Ending(client.endDecision.decide(.cutOff)))
    }

    /// Records a closed client, which frees its permit.
    private func record(_ client: any ServedClient, thread: @autoclosure () -> ThreadName?, ending: Ending) {
        server.registry.remove(client, ending.reason, limits: limits)
        server.reportClient(
            .clientEnded(
                ClientRecord(
                    id: client.id, peer: client.peer, thread: thread(), reason: ending.reason, error: ending.error,
                    bytesIn: client.served.bytesReceived, bytesOut: client.served.bytesSent,
                    duration: .now - client.admitted)))
        server.wakeAcceptLoop()
    }

    /// Why a client ended: the server's decision if there is one, else what the handler returned or threw.
    private func ending(of client: any ServedClient, after failure: (any Error)?) -> Ending {
        var reason = EndReason(
            handlerError: failure, connection: client.served.id, peerHasFinished: client.served.peerHasFinished)
        if reason == .handlerFinished, client.isDraining { reason = .drained }
        return Ending(client.endDecision.decide(reason), failure)
    }

    /// The deadline for the graceful close of a client.
    var closeDeadline: MonotonicTime {
        let deadline = MonotonicTime.now + .seconds(2)
        return min(deadline, server.control.withLock { $0.drain?.shutDownTime } ?? deadline)
    }
}

/// Why a client ended, and the error that its handler threw, if it did.
private struct Ending {
    let reason: EndReason
    let error: (any Error)?

    init(_ reason: EndReason, _ error: (any Error)? = nil) {
        self.reason = reason
        self.error = error
    }
}

/// A blocking or an async client, as the server uses it.
protocol ServedClient: AnyObject, Sendable {
    associatedtype Served: ServedConnection
    var id: ClientID { get }
    var connection: Served { get }
    var admitted: MonotonicTime { get }
    var endDecision: EndDecision { get }
}

/// A blocking or an async connection, as the server uses it. Any thread may call its methods.
protocol ServedConnection: Sendable {
    var id: ConnectionID { get }
    var peer: SocketAddress { get }
    var bytesReceived: UInt64 { get }
    var bytesSent: UInt64 { get }
    var peerHasFinished: Bool { get }
    var isDraining: Bool { get }
    func shutDown()
    func close()
    /// Closes a connection that no handler has had, gracefully if it may wait for that.
    func closeUnserved(until deadline: MonotonicTime)
    func cutOff()
}

extension Connection: ServedConnection {
    func closeUnserved(until deadline: MonotonicTime) {
        close(gracefullyUntil: deadline, discarding: Serving.discardLimit)
    }
}

extension AsyncConnection: ServedConnection {
    /// At once: its loop does not know the connection yet.
    func closeUnserved(until deadline: MonotonicTime) { socket.close() }
}

extension ServedClient {
    var served: any ServedConnection { connection }

    var peer: SocketAddress { connection.peer }

    var isDraining: Bool { connection.isDraining }

    /// Ends a client whose time is over: the peer gets a prefix of its bytes, then the end of the stream.
    func cutOff() {
        if endDecision.decide(.cutOff) == .cutOff { connection.cutOff() }
    }

    /// Shuts down both directions.
    func end(_ reason: EndReason) {
        endDecision.decide(reason)
        connection.shutDown()
    }
}
