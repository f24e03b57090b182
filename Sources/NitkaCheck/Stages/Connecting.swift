// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// The stages that find a path: resolve and connect.
extension StageContext {
    /// Resolves the name.
    ///
    /// A lookup cannot be interrupted, so it runs on its own thread. A lookup that takes too long keeps that thread.
    func resolve(_ check: EchoCheck, _ path: inout CheckPath) throws(StageFailure) -> String {
        let (endpoint, lookUp) = (check.endpoint, check.lookUp)
        let answer = Monitor(Lookup.waiting)
        watchdog.whenStopped { answer.update { $0 = .stopped } }
        let threads = ThreadGroup()
        do {
            try threads.start(named: "nitka-lookup") {
                let found = Result { () throws(NitkaError) in try lookUp(endpoint) }
                answer.update { $0 = .done(found) }
            }
        } catch {
            throw StageFailure.noThread
        }
        // At least 2 s: a numeric address is looked up, too, and on a busy machine the thread may start late. Neither
        // delay is the server's.
        let limit = max(settings.timeout, .seconds(2))
        let end = answer.wait(until: .now + limit) { (lookup: inout Lookup) -> Lookup? in
            if case .waiting = lookup { nil } else { lookup }
        }
        guard case .done(let found)? = end else {
            throw StageFailure(.timedOut, "looking up \(endpoint.host) timed out after \(Figures.time(limit))")
        }
        _ = threads.join(until: nil)
        do throws(NitkaError) {
            path.addresses = try found.get()
        } catch {
            throw StageFailure(.notFound, error.description)
        }
        if path.addresses.isEmpty { throw StageFailure(.notFound, "the name \(endpoint.host) has no address") }
        return path.addresses.map(\.host).joined(separator: ", ")
    }

    private enum Lookup: Sendable {
        case waiting
        case done(Result<[SocketAddress], NitkaError>)
        case stopped
    }

    /// Tries every address. The finding names all addresses, those that failed first.
    ///
    /// As for a client, one address that accepts connections is enough, unless the settings require all.
    func connect(_ path: inout CheckPath) throws(StageFailure) -> String {
        let attempts = path.addresses.map { attempt($0) }
        if watchdog.stopReason != nil { throw StageFailure(.timedOut, "the check was stopped") }
        path.add(attempts)
        if let expected = settings.expected { return try judge(attempts, expected.reason) }
        guard let first = attempts.first(where: { $0.failure == nil }) else {
            path.address = nil
            let reasons = Set(attempts.compactMap(\.failure?.reason))
            let reason = reasons.count == 1 ? reasons.first : attempts.last?.failure?.reason
            throw StageFailure(reason ?? .failed, attempts.map(\.description).joined(separator: "; "))
        }
        let address = path.address ?? first.address
        path.address = address
        let failed = path.attempts.filter { $0.failure != nil }
        let others = path.attempts.filter { $0.failure == nil }
        var list = (failed + others).map(\.description).joined(separator: "; ")
        if path.attempts.count > 1 { list += "; the next stages use \(address)" }
        guard !failed.isEmpty else { return list }
        let finding = "\(failed.count) of \(path.attempts.count) addresses failed: \(list)"
        guard settings.requiresAllAddresses else { return finding }
        // A shortage on this machine says nothing about an address.
        let reasons = failed.compactMap(\.failure?.reason)
        let isLocal = reasons.allSatisfy { CheckReason.ofThisMachine.contains($0) }
        throw StageFailure(isLocal ? reasons[0] : .deadAddress, finding)
    }

    private func attempt(_ address: SocketAddress) -> ConnectAttempt {
        let began = MonotonicTime.now
        do throws(NitkaError) {
            let connection = try connect(to: address)
            defer { connection.close() }
            let duration = MonotonicTime.now - began
            if settings.expected == .reset, let failure = delayedReset(of: connection) {
                return ConnectAttempt(address: address, duration: duration, failure: failure)
            }
            return ConnectAttempt(address: address, duration: duration)
        } catch {
            let finding = "\(error.operation) \(error.address): \(reason(of: error))"
            let failure = StageFailure(.connecting(error), finding)
            return ConnectAttempt(address: address, duration: .now - began, failure: failure)
        }
    }

    /// Detects a reset that arrives only after the connection is established, for example from a proxy.
    private func delayedReset(of connection: Connection) -> StageFailure? {
        connection.idleTimeout = settings.timeout
        do throws(NitkaError) {
            try connection.write([UInt8(ascii: "\n")])
            _ = try connection.read()
            return nil
        } catch {
            guard error.reason.isReset else { return nil }
            return StageFailure(.reset, error.description)
        }
    }

    private func judge(_ attempts: [ConnectAttempt], _ expected: CheckReason) throws(StageFailure) -> String {
        let list = attempts.map(\.description).joined(separator: "; ")
        if attempts.contains(where: { $0.failure == nil }) {
            throw StageFailure(.notBlocked, "the path is open: \(list)")
        }
        if attempts.contains(where: { $0.failure?.reason != expected }) {
            throw StageFailure(.blockedOtherwise, "not blocked as expected (\(expected)): \(list)")
        }
        return "blocked, as expected: \(list)"
    }
}

/// The result of a connection attempt to one address.
struct ConnectAttempt: CustomStringConvertible {
    var address: SocketAddress
    var duration: Duration
    var failure: StageFailure?

    var description: String {
        failure.map(\.finding) ?? "\(address) accepts connections (\(Figures.time(duration)))"
    }
}

extension CheckReason {
    /// The reason for a failed connection attempt.
    static func connecting(_ error: NitkaError) -> CheckReason {
        if error.reason == .timedOut { return .timedOut }
        return switch error.reason.code.map({ Errno($0) }) {
        case .connectionRefused: .refused
        case .timedOut: .timedOut
        case .hostUnreachable, .networkUnreachable, .hostDown, .networkDown, .noNetwork: .unreachable
        case .connectionReset, .connectionAborted, .brokenPipe, .notConnected: .reset
        case .notPermitted, .accessDenied: .notPermitted
        case .tooManyInProcess, .tooManyInSystem, .noBuffers, .noMemory, .addressNotAvailable: .noResources
        default: .failed
        }
    }
}
