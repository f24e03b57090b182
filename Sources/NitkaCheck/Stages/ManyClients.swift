// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// The stages in which many clients are connected at the same time: together and cross-talk.
extension StageContext {
    /// Sends messages from all clients, and expects a reply for each while all stay connected.
    ///
    /// A server that serves one client after another shows only as silence. No client may probe that silence, because
    /// that would change what the server does.
    func together(_ address: SocketAddress) throws(StageFailure) -> String {
        let group = try ClientGroup(withoutProbing, at: address)
        let all = group.clients.count
        for _ in 0..<max(1, settings.rounds) {
            let failures = group.exchange(settings.size)
            guard let first = failures.first else { continue }
            let count = "\(group.answered.count) of \(all) served at once"
            let isSilence = failures.allSatisfy { $0.reason == .noAnswer || $0.reason == .short }
            if isSilence, let late = group.lateReply() { throw StageFailure(late.reason, "\(count); \(late.finding)") }
            if isSilence, group.servesOthersAfterTheAnsweredClose() {
                throw StageFailure(.waitsForOthers, "\(count), another only after one had closed its connection")
            }
            throw StageFailure(first.reason, "\(count); \(first.finding)")
        }
        return "\(all) of \(all) served at once, \(connecting), slowest reply after \(Figures.time(group.slowestReply))"
    }

    /// The clients connect one after another, before the first message: the times of the replies do not contain this.
    private var connecting: String {
        let total = "connected in \(Figures.time(connects.total))"
        guard settings.clients > 1, let slowest = connects.slowest else { return total }
        return "\(total) (slowest \(Figures.time(slowest)))"
    }

    /// Exchanges the streams of all clients at the same time. Every 16 bytes of a stream identify their client.
    func crossTalk(_ address: SocketAddress) throws(StageFailure) -> String {
        let group = try ClientGroup(withoutProbing, at: address)
        for _ in 0..<Self.crossTalkRounds {
            guard let first = group.exchange(Self.crossTalkPiece).first else { continue }
            let isSilence = first.reason == .noAnswer || first.reason == .short
            throw isSilence ? group.lateReply() ?? first : first
        }
        let size = Figures.bytes(Double(Self.crossTalkRounds * Self.crossTalkPiece))
        let count = group.clients.count
        return count == 1
            ? "1 client got only its own bytes, \(size)"
            : "\(count) clients got only their own bytes, \(size) each"
    }

    /// Small enough for the buffers of any path: all clients send a piece before any of them reads.
    private static let crossTalkPiece = 16 * 1024
    private static let crossTalkRounds = 16

    private var withoutProbing: StageContext {
        var context = self
        context.probesSilence = false
        return context
    }
}

/// Clients of one server that all connect before any of them sends.
private final class ClientGroup {
    private let context: StageContext
    private(set) var clients: [CheckClient] = []
    private(set) var slowestReply: Duration = .zero
    /// The numbers of the clients that received an echo of everything that they sent.
    private(set) var answered: Set<Int> = []
    private var order: SeededGenerator

    init(_ context: StageContext, at address: SocketAddress) throws(StageFailure) {
        self.context = context
        order = SeededGenerator(state: context.payload.seed)
        for number in 1...max(1, context.settings.clients) {
            clients.append(try context.open(number, to: address))
        }
    }

    /// Sends a message from every client, then receives the echoes in another order. Returns the first failure of each
    /// client.
    func exchange(_ size: Int) -> [StageFailure] {
        let deadline = min(context.deadline, .now + context.settings.timeout)
        let began = MonotonicTime.now
        var failures: [StageFailure] = []
        var senders: [CheckClient] = []
        for client in clients.shuffled(using: &order) {
            do throws(StageFailure) {
                try client.send(size)
                senders.append(client)
            } catch {
                failures.append(error)
            }
        }
        for client in senders.shuffled(using: &order) where !context.watchdog.isOver {
            do throws(StageFailure) {
                try client.receive(size, until: deadline)
                answered.insert(client.number)
            } catch {
                answered.remove(client.number)
                failures.append(error)
                // The finding describes only the first failure: the others need no exact diagnosis, which takes time.
                for client in clients { client.diagnosesAtOnce = true }
            }
            slowestReply = max(slowestReply, .now - began)
        }
        return failures
    }

    /// Waits for the clients that got no reply in time. Returns a failure if a late or wrong reply arrives for one of
    /// them, and nil if none arrives.
    func lateReply() -> StageFailure? {
        let deadline = MonotonicTime.now + context.lateReplyLimit
        for client in clients where !answered.contains(client.number) && !context.watchdog.isOver {
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

    /// Closes the clients that got a reply. Returns whether another client is served afterwards.
    func servesOthersAfterTheAnsweredClose() -> Bool {
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

private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 { InvertibleMix.next(&state) }
}
