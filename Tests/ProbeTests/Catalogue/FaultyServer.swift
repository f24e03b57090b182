// SPDX-License-Identifier: Apache-2.0

import Glibc
import NitkaCheck
import NitkaProbe
import NitkaSystem
import Testing

@testable import Nitka

/// A server with one fault, and the findings that a check of it must report.
struct FaultyServer: Sendable, CustomTestStringConvertible {
    /// The stages that must fail, each with its reason. All other stages must pass, or depend on one of these.
    typealias Findings = [CheckStage: CheckReason]
    typealias Handler = @Sendable (Client, Latch) throws -> Void

    var name: String
    var findings: Findings
    /// Further stages that must fail, for a reason that depends on chance.
    var varied: Set<CheckStage> = []
    /// Further stages that may fail, depending on where in the stream the fault is.
    var possible: Set<CheckStage> = []
    var model = PlainModel.threads
    var limits = Limits()
    /// Whether closing a connection resets it (SO_LINGER with a timeout of 0).
    var resetsOnClose = false
    var settings = Self.quick
    /// Creates the handler from a seed, which determines everything random in it.
    var handler: @Sendable (UInt64) -> Handler

    var testDescription: String { name }

    /// A short timeout, because many faults show as silence, and few bytes.
    static let quick: EchoCheck.Settings = {
        var settings = EchoCheck.Settings()
        settings.timeout = .milliseconds(500)
        settings.bulk = 2 << 20
        return settings
    }()
}

/// Blocks handlers that never end by themselves until the test ends.
final class Latch: Sendable {
    private let state = Monitor(false)

    func wait() { _ = state.wait(until: .now + .seconds(60)) { $0 ? true : nil } }

    func open() { state.update { $0 = true } }
}

/// Runs a faulty server on a free port while the body runs.
func withFaultyServer<Result: Sendable>(
    _ faulty: FaultyServer, seed: UInt64, _ body: (Endpoint) async throws -> Result
) async throws -> Result {
    let server = try Server(on: "127.0.0.1:0", limits: faulty.limits)
    if faulty.resetsOnClose { server.resetClientsOnClose() }
    let (handler, latch, threads) = (faulty.handler(seed), Latch(), ThreadGroup())
    try threads.start(named: "accept") {
        _ = try? server.run(faulty.model) { try handler($0, latch) }
    }
    let result: Swift.Result<Result, any Error>
    do {
        result = .success(try await body(try Endpoint("\(server.addresses[0])")))
    } catch {
        result = .failure(error)
    }
    latch.open()
    server.endNow()
    #expect(threads.join(until: .now + .seconds(30)))
    return try result.get()
}

/// Repeats a check with longer timeouts until its report is right, and returns the last report.
///
/// On a machine that other tests keep busy, a short timeout expires before the fault shows.
///
/// - Parameter factors: the factor by which each attempt multiplies the timeouts.
func checkWithRetries(
    until isRight: (CheckReport) -> Bool, factors: [Int] = [1, 3, 9], check: (Int) async throws -> CheckReport
) async throws -> CheckReport {
    for factor in factors.dropLast() {
        let report = try await check(factor)
        if isRight(report) { return report }
    }
    return try await check(factors.last ?? 1)
}

extension Server {
    /// Makes every close send a reset, unless a FIN was sent before. Clients inherit the option from the listener.
    fileprivate func resetClientsOnClose() {
        listener.withLock { listener in
            for socket in listener?.sockets ?? [] {
                var option = linger(l_onoff: 1, l_linger: 0)
                setsockopt(
                    socket.descriptor.number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            }
        }
    }
}

extension Client {
    /// Closes the socket without a FIN first: a reset if ``FaultyServer/resetsOnClose`` is set.
    func closeAbruptly() { connection.socket.close() }

    /// Waits until the peer's kernel has acknowledged everything.
    func waitUntilDelivered() {
        let never = Monitor(false)
        let deadline = MonotonicTime.now + .seconds(10)
        while connection.socket.unacknowledged > 0, .now < deadline {
            _ = never.wait(until: .now + .milliseconds(2)) { $0 ? true : nil }
        }
    }
}
