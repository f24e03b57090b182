// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import NitkaCheck
import NitkaProbe
import Testing

@testable import Nitka

/// A server that is wrong in one way, and what a check has to say about it.
struct Misbehaviour: Sendable, CustomTestStringConvertible {
    /// What a check has to find: the stages that fail, and why. The others pass, or stand on one of these.
    typealias Findings = [CheckStage: CheckReason]
    typealias Handler = @Sendable (Client, Release) throws -> Void

    var name: String
    var findings: Findings
    /// Which others fail, for a reason that hangs on chance.
    var varied: Set<CheckStage> = []
    /// Which others may fail too: it hangs on the place.
    var possible: Set<CheckStage> = []
    var model = PlainModel.threads
    var limits = Limits()
    /// Closing resets, SO_LINGER with no time.
    var resetsOnClose = false
    var settings = Self.quick
    /// What a client gets; where something is random, it hangs on the seed.
    var handler: @Sendable (UInt64) -> Handler

    var testDescription: String { name }

    /// Silence is what many of them are found by: it need not be long.
    static let quick: EchoCheck.Settings = {
        var settings = EchoCheck.Settings()
        settings.timeout = .milliseconds(500)
        settings.bulk = 2 << 20
        return settings
    }()
}

/// Where handlers wait that never come to an end by themselves.
final class Release: Sendable {
    private let state = Monitor(false)

    func wait() { _ = state.wait(until: .now + .seconds(60)) { $0 ? true : nil } }

    func open() { state.update { $0 = true } }
}

/// Serves one on a port of its own for as long as the body runs.
func whileMisbehaving<Result: Sendable>(
    _ misbehaviour: Misbehaviour, seed: UInt64, _ body: (Endpoint) async throws -> Result
) async throws -> Result {
    let server = try Server(on: "127.0.0.1:0", limits: misbehaviour.limits)
    if misbehaviour.resetsOnClose { server.resetClientsOnClose() }
    let (handler, release, threads) = (misbehaviour.handler(seed), Release(), ThreadChain())
    try threads.start(named: "accept") {
        _ = try? server.run(misbehaviour.model) { try handler($0, release) }
    }
    let result: Swift.Result<Result, any Error>
    do {
        result = .success(try await body(try Endpoint("\(server.addresses[0])")))
    } catch {
        result = .failure(error)
    }
    release.open()
    server.endNow()
    #expect(threads.join(until: .now + .seconds(30)))
    return try result.get()
}
