// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// The clients that are there and the sums over those that were: all of it behind one lock, so that it always agrees.
final class ClientRegistry: Sendable {
    private struct State {
        var active: [ClientID: any ServedClient] = [:]
        var perSource: [Source: Int] = [:]
        var totals = ServerSnapshot()
        var fullness = Fullness()
    }

    private let state = Lock(State())
    private let activeCount = Atomic<Int>(0)

    /// How many clients are there: exact for the accepting thread, which alone adds to them.
    var count: Int { activeCount.load(ordering: .sequentiallyConsistent) }

    /// Gives a newcomer a number and a place, or says why it gets none.
    func admit<Admitted: ServedClient>(
        _ peer: SocketAddress, limits: Limits, _ makeClient: (ClientID) -> Admitted
    ) -> (client: Admitted, refusal: EndReason?, isNewlyFull: Bool) {
        state.withLock { state in
            state.totals.accepted += 1
            let client = makeClient(state.totals.accepted)
            let source = Source(peer)
            let ofSource = state.perSource[source, default: 0].increment()
            let refusal = Admission.refusal(active: state.active.count, ofSource: ofSource, limits: limits)
            state.active[client.id] = client
            let count = state.active.count
            activeCount.store(count, ordering: .sequentiallyConsistent)
            return (client, refusal, state.fullness.isNewlyFull(count, of: limits.clients, at: client.admission.moment))
        }
    }

    /// Takes the client out, and what it came to into the sums.
    func remove(_ client: any ServedClient, _ reason: EndReason, limits: Limits) {
        let connection = client.carried
        state.withLock { state in
            guard state.active.removeValue(forKey: client.id) != nil else { return }
            let source = Source(connection.peer)
            if let index = state.perSource.index(forKey: source) {
                state.perSource.values[index] -= 1
                if state.perSource.values[index] == 0 { state.perSource.remove(at: index) }
            }
            state.totals.endedByReason[reason.kind, default: 0] += 1
            state.totals.bytesIn &+= connection.bytesReceived
            state.totals.bytesOut &+= connection.bytesSent
            state.fullness.left(state.active.count, of: limits.clients)
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
                let connection = client.carried
                let one = ClientSnapshot(
                    id: client.id, peer: client.peer, bytesIn: connection.bytesReceived,
                    bytesOut: connection.bytesSent, age: .now - client.admission.moment)
                snapshot.clients.append(one)
                snapshot.bytesIn &+= one.bytesIn
                snapshot.bytesOut &+= one.bytesOut
            }
            return snapshot
        }
    }
}

extension Int {
    /// One more; what it was before.
    fileprivate mutating func increment() -> Int {
        defer { self += 1 }
        return self
    }
}
