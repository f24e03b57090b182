// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// One run of a server: it admits clients, serves each one with the handler, and records how each one ended. Every model
/// uses it.
final class Serving: Sendable {
    let server: Server
    /// The limits in force: those that were asked for, as far as the machine has the means.
    let limits: Limits
    let pipes: PipePool

    init(_ server: Server, _ effective: EffectiveLimits) {
        self.server = server
        limits = effective.limits
        pipes = effective.pipes
    }

    /// What a client's connection knows from the beginning.
    func connectionState(of peer: SocketAddress) -> ConnectionState {
        ConnectionState(peer: peer, drainSignal: server.drainSignal, pipes: pipes, limits: limits)
    }

    /// Gives an accepted client its number; nil when a limit refuses it: then it is closed and recorded.
    func admit<Admitted: ServedClient>(_ peer: SocketAddress, _ makeClient: (ClientID) -> Admitted) -> Admitted? {
        let (client, refusal, isNewlyFull) = server.registry.admit(peer, limits: limits, makeClient)
        if isNewlyFull { server.report(.full(clients: limits.clients)) }
        if let refusal {
            client.served.close()
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

    private static let discardLimit = 1 << 20

    /// Closes and records a client that no thread could be had for.
    func refuse(_ client: any ServedClient, _ errno: Errno) {
        client.served.close()
        record(client, thread: nil, ending: Ending(.noThread(errno.description)))
    }

    /// Records a client that is closed; its permit is free again.
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

    /// Why a client ended: what the server decided first, else what the handler's return or error says.
    private func ending(of client: any ServedClient, after failure: (any Error)?) -> Ending {
        var reason = EndReason(
            handlerError: failure, connection: client.served.id, peerHasFinished: client.served.peerHasFinished)
        if reason == .handlerFinished, client.isDraining { reason = .drained }
        return Ending(client.endDecision.decide(reason), failure)
    }

    /// Until when the graceful close of a client may take.
    private var closeDeadline: MonotonicTime {
        let deadline = MonotonicTime.now + .seconds(2)
        return min(deadline, server.control.withLock { $0.drain?.deadline } ?? deadline)
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

/// What the server needs of a client, whichever its kind.
protocol ServedClient: AnyObject, Sendable {
    associatedtype Served: ServedConnection
    var id: ClientID { get }
    var connection: Served { get }
    var admitted: MonotonicTime { get }
    var endDecision: EndDecision { get }
}

/// What the server needs of a connection, whichever its kind; any thread may call it.
protocol ServedConnection: Sendable {
    var id: ConnectionID { get }
    var peer: SocketAddress { get }
    var bytesReceived: UInt64 { get }
    var bytesSent: UInt64 { get }
    var peerHasFinished: Bool { get }
    var isDraining: Bool { get }
    func shutDown()
    func close()
    func cutOff()
}

extension Connection: ServedConnection {}
extension AsyncConnection: ServedConnection {}

extension ServedClient {
    var served: any ServedConnection { connection }

    var peer: SocketAddress { connection.peer }

    var isDraining: Bool { connection.isDraining }

    /// The peer gets what is on its way, then the end of the stream.
    func cutOff() {
        if endDecision.decide(.cutOff) == .cutOff { connection.cutOff() }
    }

    /// Ends both directions.
    func end(_ reason: EndReason) {
        endDecision.decide(reason)
        connection.shutDown()
    }
}
