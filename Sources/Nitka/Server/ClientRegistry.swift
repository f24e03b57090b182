// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// The clients of a server and the totals of those that have ended. One lock guards all of it, so that it is always
/// consistent: `accepted = active + ended`.
final class ClientRegistry: Sendable {
    private struct State {
        var active: [ClientID: any ServedClient] = [:]
        var perSource: [Source: Int] = [:]
        var totals = ServerSnapshot()
        var fullness = Fullness()
    }

    private let state = Lock(State())
    private let activeCount = Atomic<Int>(0)

    /// The number of clients. Only the accept loop adds clients, so on its thread the number can only fall.
    var count: Int { activeCount.load(ordering: .sequentiallyConsistent) }

    /// Adds an accepted client with the next number. `refusal` is the reason if a limit refuses it; a refused client is
    /// active too until ``remove(_:_:limits:)``.
    func admit<Admitted: ServedClient>(
        _ peer: SocketAddress, limits: Limits, _ makeClient: (ClientID) -> Admitted
    ) -> (client: Admitted, refusal: EndReason?, isNewlyFull: Bool) {
        state.withLock { state in
            state.totals.accepted += 1
            let client = makeClient(state.totals.accepted)
            let source = Source(peer)
            let ofSource = state.perSource[source, default: 0]
            let refusal = limits.refusal(active: state.active.count, ofSource: ofSource)
            state.perSource[source] = ofSource + 1
            state.active[client.id] = client
            let count = state.active.count
            activeCount.store(count, ordering: .sequentiallyConsistent)
            return (client, refusal, state.fullness.isNewlyFull(count, of: limits.clients, at: client.admitted))
        }
    }

    /// Removes a client and adds it to the totals.
    func remove(_ client: any ServedClient, _ reason: EndReason, limits: Limits) {
        let connection = client.served
        state.withLock { state in
            guard state.active.removeValue(forKey: client.id) != nil else { return }
            let source = Source(connection.peer)
            if let index = state.perSource.index(forKey: source) {
                state.perSource.values[index] -= 1
                if state.perSource.values[index] == 0 { state.perSource.remove(at: index) }
            }
            state.totals.endedByReason[reason.code, default: 0] += 1
            state.totals.bytesIn &+= connection.bytesReceived
            state.totals.bytesOut &+= connection.bytesSent
            state.fullness.clientEnded(active: state.active.count, of: limits.clients)
            activeCount.store(state.active.count, ordering: .sequentiallyConsistent)
        }
    }

    func noteAcceptFailure(_ name: String) { state.withLock { $0.totals.acceptFailures[name, default: 0] += 1 } }

    func client(_ id: ClientID) -> (any ServedClient)? { state.withLock { $0.active[id] } }

    var clients: [any ServedClient] { state.withLock { Array($0.active.values) } }

    func snapshot() -> ServerSnapshot {
        state.withLock { state in
            var snapshot = state.totals
            for client in state.active.values {
                let connection = client.served
                let one = ClientSnapshot(
                    id: client.id, peer: client.peer, bytesIn: connection.bytesReceived,
                    bytesOut: connection.bytesSent, age: .now - client.admitted)
                snapshot.clients.append(one)
                snapshot.bytesIn &+= one.bytesIn
                snapshot.bytesOut &+= one.bytesOut
            }
            return snapshot
        }
    }
}

/// The source of a client: an IPv4 address, or an IPv6 /64 network, because one customer has all addresses of it.
enum Source: Hashable {
    case v4(UInt32)
    case v6Network(UInt64)

    init(_ address: SocketAddress) {
        switch address.raw.host {
        case .v4(let bits): self = .v4(bits)
        case .v6(let high, _, _): self = .v6Network(high)
        }
    }
}

/// Decides when to report that a server is full: once, and again after a minute if a tenth of the permits, at least 1,
/// were free in between. At the limit, a new client replaces each client that ends: that is not reported again.
struct Fullness: Hashable {
    static let silence = Duration.seconds(60)

    private var isKnown = false
    private var lastReport: MonotonicTime?

    mutating func isNewlyFull(_ active: Int, of limit: Int, at now: MonotonicTime) -> Bool {
        guard active >= limit, !isKnown else { return false }
        if let lastReport, now - lastReport < Self.silence { return false }
        (isKnown, lastReport) = (true, now)
        return true
    }

    mutating func clientEnded(active: Int, of limit: Int) {
        if active < limit - max(1, limit / 10) { isKnown = false }
    }
}
