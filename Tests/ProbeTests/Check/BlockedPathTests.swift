// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka
@testable import NitkaCheck

@Suite struct BlockedPathTests {
    private func report(
        on endpoint: Endpoint, expecting expected: EchoCheck.ExpectedBlock? = nil, timeout: Duration = .seconds(20)
    ) async -> CheckReport {
        var settings = EchoCheck.Settings()
        settings.expected = expected
        settings.timeout = timeout
        return await EchoCheck(endpoint, settings).run()
    }

    /// A port where nobody listens: it was somebody's a moment ago.
    private func freePort() throws -> Endpoint { try Endpoint("\(Listener(on: Endpoint("127.0.0.1:0")).addresses[0])") }

    @Test func aRefusedPathIsNotJudged() async throws {
        let report = await report(on: try freePort())
        #expect(report[.connect]?.reason == .refused)
        #expect(report[.echo]?.reason == .notReached)
        #expect(report.verdict == .notJudged)
    }

    @Test func aRefusedPathIsRightWhereItIsToBeRefused() async throws {
        let endpoint = try freePort()
        let right = await report(on: endpoint, expecting: .refused)
        #expect(right[.connect]?.outcome == .passed)
        #expect(right[.echo]?.reason == .blocked)
        #expect(right.verdict == .passed)
        let other = await report(on: endpoint, expecting: .timeout)
        #expect(other[.connect]?.reason == .blockedOtherwise)
        #expect(other.verdict == .failed)
    }

    @Test func anOpenPathIsWrongWhereItIsToBeBlocked() async throws {
        let listener = try Listener(on: Endpoint("127.0.0.1:0"))
        let report = await report(on: try Endpoint("\(listener.addresses[0])"), expecting: .refused)
        #expect(report[.connect]?.reason == .notBlocked)
        #expect(report.verdict == .failed)
    }

    /// A queue that is full: the kernel drops who asks for more.
    @Test func aPathWithoutAnswerTimesOut() async throws {
        let listener = try Listener(on: Endpoint("127.0.0.1:0"), backlog: 0)
        let endpoint = try Endpoint("\(listener.addresses[0])")
        var waiting: [Connection] = []
        while let connection = try? Connection.open(to: endpoint, timeout: .milliseconds(300)) {
            waiting.append(connection)
        }
        let report = await report(on: endpoint, timeout: .milliseconds(300))
        #expect(report[.connect]?.reason == .timedOut)
        #expect(report.verdict == .notJudged)
        let expected = await self.report(on: endpoint, expecting: .timeout, timeout: .milliseconds(300))
        #expect(expected.verdict == .passed)
        #expect(waiting.count < 10)
    }

    @Test func aResetAfterConnectingIsAResetPath() async throws {
        let resetting = try #require(Catalogue.all.first { $0.name == "resets who comes" })
        let report = try await whileMisbehaving(resetting, seed: 0) { endpoint in
            await self.report(on: endpoint, expecting: .reset)
        }
        #expect(report.verdict == .passed)
    }

    @Test(arguments: [
        (Errno.hostUnreachable, CheckReason.unreachable), (.networkUnreachable, .unreachable),
        (.connectionRefused, .refused), (.timedOut, .timedOut), (.connectionReset, .reset),
        (.notPermitted, .notPermitted), (.accessDenied, .notPermitted), (.tooManyInProcess, .noResources),
        (.addressNotAvailable, .noResources), (.invalid, .failed),
    ])
    func everyFailureToConnectHasItsReason(errno: Errno, reason: CheckReason) {
        #expect(CheckReason.connecting(NitkaError("connect to", "127.0.0.1:7", .system(errno))) == reason)
    }
}
