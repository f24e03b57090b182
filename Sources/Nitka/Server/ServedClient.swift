// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// What the server itself needs of a client, whichever its model.
protocol ServedClient: AnyObject, Sendable {
    var id: ClientID { get }
    var admission: AdmissionNote { get }
    var carried: any ServedConnection { get }
}

/// What the server itself needs of a connection: all of it may be called from any thread.
protocol ServedConnection: Sendable {
    var peer: SocketAddress { get }
    var bytesReceived: UInt64 { get }
    var bytesSent: UInt64 { get }
    var peerHasFinished: Bool { get }
    var interruption: Interruption? { get }
    func shutDown()
    func cutOffNow()
}

extension Connection: ServedConnection {}
extension AsyncConnection: ServedConnection {}

/// When a client was admitted, and why the server ended it, where it was the server.
final class AdmissionNote: Sendable {
    let moment = MonotonicTime.now
    private let verdict = Lock<EndReason?>(nil)

    /// The first verdict counts: what the handler's own end says later no longer does.
    @discardableResult
    func decide(_ reason: EndReason) -> EndReason {
        verdict.withLock { verdict in
            if let verdict { return verdict }
            verdict = reason
            return reason
        }
    }
}

extension ServedClient {
    var peer: SocketAddress { carried.peer }

    var isDraining: Bool { carried.interruption?.isRaised ?? false }

    /// The peer gets what is on its way, then the end of the stream, unless it had that already.
    func cutOff() {
        if admission.decide(.cutOff) == .cutOff { carried.cutOffNow() }
    }

    /// Both directions end.
    func end(_ reason: EndReason) {
        admission.decide(reason)
        carried.shutDown()
    }
}
