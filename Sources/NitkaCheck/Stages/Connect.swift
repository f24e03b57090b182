// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

extension StageContext {
    /// Every address is tried. One that takes connections is enough, as it is for a client; the others are named.
    func connect(_ path: inout CheckPath) throws(StageFailure) -> String {
        let attempts = path.addresses.map { attempt($0) }
        if watch.stopReason != nil { throw StageFailure(.timedOut, "the check was ended early") }
        if let expected = settings.expected { return try judge(attempts, expected.reason) }
        guard let first = attempts.first(where: { $0.failure == nil }) else {
            let reasons = Set(attempts.compactMap(\.failure?.reason))
            let reason = reasons.count == 1 ? reasons.first : attempts.last?.failure?.reason
            throw StageFailure(reason ?? .failed, attempts.map(\.description).joined(separator: "; "))
        }
        path.address = first.address
        return attempts.map(\.description).joined(separator: "; ")
    }

    private func attempt(_ address: SocketAddress) -> Attempt {
        let began = MonotonicTime.now
        do throws(NitkaError) {
            let connection = try connect(to: address)
            defer { connection.close() }
            if settings.expected == .reset, let failure = hidden(in: connection) {
                return Attempt(address: address, duration: .now - began, failure: failure)
            }
            return Attempt(address: address, duration: .now - began)
        } catch {
            let finding = "\(error.operation) \(error.address): \(reason(of: error))"
            let failure = StageFailure(.connecting(error), finding)
            return Attempt(address: address, duration: .now - began, failure: failure)
        }
    }

    /// A reset that comes only after the connection was made, as from a proxy.
    private func hidden(in connection: Connection) -> StageFailure? {
        connection.readTimeout = settings.timeout
        do throws(NitkaError) {
            try connection.write([UInt8(ascii: "\n")])
            _ = try connection.read()
            return nil
        } catch {
            guard error.reason.isReset else { return nil }
            return StageFailure(.reset, error.description)
        }
    }

    private func judge(_ attempts: [Attempt], _ expected: CheckReason) throws(StageFailure) -> String {
        let list = attempts.map(\.description).joined(separator: "; ")
        if attempts.contains(where: { $0.failure == nil }) { throw StageFailure(.notBlocked, "not blocked: \(list)") }
        if attempts.contains(where: { $0.failure?.reason != expected }) {
            throw StageFailure(.blockedOtherwise, "blocked, but not by \(expected): \(list)")
        }
        return "blocked, as it was to be: \(list)"
    }

    private struct Attempt: CustomStringConvertible {
        var address: SocketAddress
        var duration: Duration
        var failure: StageFailure?

        var description: String { failure.map(\.finding) ?? "\(address) takes connections" }
    }
}
