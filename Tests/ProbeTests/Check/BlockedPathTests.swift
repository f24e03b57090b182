// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka
@testable import NitkaCheck

@Suite("Check: blocked paths") struct BlockedPathTests {
    private func report(
        on endpoint: Endpoint, expecting expected: EchoCheck.ExpectedBlock? = nil, timeout: Duration = .seconds(20)
    ) async -> CheckReport {
        var settings = EchoCheck.Settings()
        settings.expected = expected
        settings.timeout = timeout
        return await EchoCheck(endpoint, settings).run()
    }

    /// A port on which nothing listens: the listener is closed again at once.
    private func closedPort() throws -> Endpoint {
        try Endpoint("\(Listener(on: Endpoint("127.0.0.1:0")).addresses[0])")
    }

    @Test("a refused connection leaves no verdict")
    func refusedPathIsNotJudged() async throws {
        let report = await report(on: try closedPort())
        #expect(report[.connect]?.reason == .refused)
        #expect(report[.echo]?.reason == .notReached)
        #expect(report.verdict == .notJudged)
    }

    @Test("a refused path passes if a refusal is expected, and fails if another block is")
    func refusedPathPassesIfExpected() async throws {
        let endpoint = try closedPort()
        let right = await report(on: endpoint, expecting: .refused)
        #expect(right[.connect]?.outcome == .passed)
        #expect(right[.echo]?.reason == .blocked)
        #expect(right.verdict == .passed)
        let other = await report(on: endpoint, expecting: .timeout)
        #expect(other[.connect]?.reason == .blockedOtherwise)
        #expect(other.verdict == .failed)
    }

    @Test("an open path fails if a block is expected")
    func openPathFailsIfBlockIsExpected() async throws {
        let listener = try Listener(on: Endpoint("127.0.0.1:0"))
        let report = await report(on: try Endpoint("\(listener.addresses[0])"), expecting: .refused)
        #expect(report[.connect]?.reason == .notBlocked)
        #expect(report.verdict == .failed)
    }

    /// The backlog is full, so the kernel drops further connection attempts.
    @Test("a connection attempt without an answer times out")
    func unansweredPathTimesOut() async throws {
        let listener = try Listener(on: Endpoint("127.0.0.1:0"), backlog: 0)
        let endpoint = try Endpoint("\(listener.addresses[0])")
        let waiting = fillBacklog(of: listener.addresses[0])
        let report = await report(on: endpoint, timeout: .milliseconds(300))
        #expect(report[.connect]?.reason == .timedOut)
        #expect(report.verdict == .notJudged)
        let expected = await self.report(on: endpoint, expecting: .timeout, timeout: .milliseconds(300))
        #expect(expected.verdict == .passed)
        #expect(waiting.count < 10)
    }

    @Test("a reset after the connection is established passes if a reset is expected")
    func resetAfterConnectingPasses() async throws {
        let resetting = try #require(Catalogue.all.first { $0.name == "resets every connection" })
        let report = try await withFaultyServer(resetting, seed: 0) { endpoint in
            await self.report(on: endpoint, expecting: .reset)
        }
        #expect(report.verdict == .passed)
    }

    @Test(
        "every connect error has its reason code",
        arguments: [
            (Errno.hostUnreachable, CheckReason.unreachable), (.networkUnreachable, .unreachable),
            (.connectionRefused, .refused), (.timedOut, .timedOut), (.connectionReset, .reset),
            (.notPermitted, .notPermitted), (.accessDenied, .notPermitted), (.tooManyInProcess, .noResources),
            (.addressNotAvailable, .noResources), (.invalid, .failed),
        ])
    func connectErrorHasItsReason(errno: Errno, reason: CheckReason) {
        #expect(CheckReason.connecting(NitkaError("connect to", "127.0.0.1:7", .system(errno))) == reason)
    }
}
