// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// Many clients of one server, all connected before any of them speaks.
final class CheckCrowd {
    private let context: StageContext
    private(set) var clients: [CheckClient] = []
    private(set) var slowestWait: Duration = .zero
    /// Who had an echo of everything so far.
    private(set) var answered: Set<Int> = []
    private var order: SeededOrder

    init(_ context: StageContext, at address: SocketAddress) throws(StageFailure) {
        self.context = context
        order = SeededOrder(state: context.payload.seed)
        for number in 1...max(1, context.settings.clients) {
            clients.append(try context.open(number, to: address))
        }
    }

    /// Everybody speaks before anybody listens; then the answers are fetched in another order. Returns what went wrong,
    /// the first of each client.
    func play(_ size: Int) -> [StageFailure] {
        let deadline = min(context.deadline, .now + context.settings.timeout)
        let began = MonotonicTime.now
        var failures: [StageFailure] = []
        var speaking: [CheckClient] = []
        for client in clients.shuffled(using: &order) {
            do throws(StageFailure) {
                try client.send(size)
                speaking.append(client)
            } catch {
                failures.append(error)
            }
        }
        for client in speaking.shuffled(using: &order) where !context.watch.isOver {
            do throws(StageFailure) {
                try client.receive(size, until: deadline)
                answered.insert(client.number)
            } catch {
                answered.remove(client.number)
                failures.append(error)
                // The first is what is told; of the others it is enough that there are some.
                for client in clients { client.isBrief = true }
            }
            slowestWait = max(slowestWait, .now - began)
        }
        return failures
    }

    /// Waits for those who were not answered in time. Is one of them late, or answered wrongly, rather than left out?
    func late() -> StageFailure? {
        let deadline = MonotonicTime.now + context.lateness
        for client in clients where !answered.contains(client.number) && !context.watch.isOver {
            guard case .bytes(let bytes)? = try? client.read(within: deadline - .now) else { continue }
            do throws(StageFailure) {
                try client.accept(bytes)
                return client.late
            } catch {
                return error
            }
        }
        return nil
    }

    /// Those who were answered leave. Does that get somebody served who was not?
    func othersAreServedWhenTheAnsweredLeave() -> Bool {
        guard !answered.isEmpty else { return false }
        for client in clients where answered.contains(client.number) { client.connection.close() }
        let deadline = MonotonicTime.now + context.settings.timeout
        for client in clients where !answered.contains(client.number) && MonotonicTime.now < deadline {
            let missing = Int(clamping: client.sent - client.received)
            if (try? client.receive(missing, until: deadline)) != nil { return true }
        }
        return false
    }
}

/// An order that a seed decides.
private struct SeededOrder: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 { InvertibleMix.next(&state) }
}
