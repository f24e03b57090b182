// SPDX-License-Identifier: Apache-2.0

import NitkaEcho
import NitkaSystem
import Testing

@testable import Nitka
@testable import NitkaCheck

/// Checks of a name with several addresses.
@Suite("Check: several addresses") struct CheckAddressTests {
    private static let good = FaultyServer(name: "has no fault", findings: [:]) { _ in
        { client, _ in try EchoService.serve(client) }
    }

    private static let mute = FaultyServer(name: "closes every connection", findings: [:]) { _ in { _, _ in } }

    /// An address on which nothing listens: the listener is closed again at once.
    private func deadAddress() throws -> SocketAddress { try Listener(on: Endpoint("127.0.0.1:0")).addresses[0] }

    private func check(_ addresses: [SocketAddress], requiringAll: Bool, repeats: Int = 1) async throws -> CheckReport {
        var settings = FaultyServer.quick
        settings.timeout = .seconds(20)
        settings.stages = [.echo, .close]
        settings.requiresAllAddresses = requiringAll
        settings.repeats = repeats
        var check = try EchoCheck("name.invalid:7", settings)
        check.lookUp = { _ in addresses }
        return await check.run()
    }

    private func address(_ endpoint: Endpoint) throws -> SocketAddress { try endpoint.resolved()[0] }

    @Test("a dead address beside a good one is in the table, the line for Nagios and the JSON, and the check passes")
    func deadAddressIsReported() async throws {
        let dead = try deadAddress()
        try await withFaultyServer(Self.good, seed: 0) { endpoint in
            let good = try address(endpoint)
            let report = try await check([dead, good], requiringAll: false)
            #expect(report.verdict == .passed)
            #expect(report.checkedAddress == good)
            #expect(report.addresses.map(\.address) == [dead, good])
            #expect(report.addresses.map(\.reason) == [.refused, nil])
            let finding = try #require(report[.connect]?.finding)
            #expect(
                finding.hasPrefix("1 of 2 addresses failed: connect to \(dead): connection refused; \(good) accepts"))
            #expect(finding.hasSuffix("; the next stages use \(good)"))
            let remark = "PASS: resolve, connect, echo, close; 1 of 2 addresses failed: \(dead) refused"
            #expect(CheckTable(report).lines(width: 500).last == remark)
            #expect(report.nagiosLine().hasPrefix("ECHO OK - \(remark) | "))
            #expect(report.nagiosCode == 0)
            let json = report.json()
            #expect(
                json.contains(
                    "\"finding\" : \"connect to \(dead): connection refused\",\n      \"reason\" : \"refused\""))
            #expect(json.contains("\"checked_address\" : \"\(good)\""))
        }
    }

    @Test("if all addresses are required, a dead one fails the check, and the other stages judge the good one")
    func requiredDeadAddressFails() async throws {
        let dead = try deadAddress()
        try await withFaultyServer(Self.good, seed: 0) { endpoint in
            let report = try await check([address(endpoint), dead], requiringAll: true)
            #expect(report.verdict == .failed)
            #expect(report[.connect]?.outcome == .failed)
            #expect(report[.connect]?.reason == .deadAddress)
            #expect(report[.echo]?.outcome == .passed && report[.close]?.outcome == .passed)
            #expect(report.nagiosCode == 2)
            let start = "FAIL: connect: 1 of 2 addresses failed: connect to \(dead): connection refused; "
            #expect(CheckTable(report).verdict.hasPrefix(start))
        }
    }

    @Test("if all addresses are required, each must echo")
    func requiredAddressMustEcho() async throws {
        try await withFaultyServer(Self.good, seed: 0) { endpoint in
            let good = try address(endpoint)
            try await withFaultyServer(Self.mute, seed: 0) { endpoint in
                let mute = try address(endpoint)
                #expect(try await check([good, mute], requiringAll: false).verdict == .passed)
                let report = try await check([good, mute], requiringAll: true)
                #expect(report.verdict == .failed)
                #expect(report[.connect]?.outcome == .passed)
                #expect(report[.echo]?.finding.hasPrefix("\(mute): client 1") == true, "\(report.stages)")
                #expect(report[.close]?.outcome == .passed)
            }
            let report = try await check([good, good], requiringAll: true)
            #expect(report.verdict == .passed)
        }
    }

    @Test("if every address is dead, there is no verdict, with and without the requirement", arguments: [true, false])
    func onlyDeadAddresses(requiringAll: Bool) async throws {
        let report = try await check([deadAddress(), deadAddress()], requiringAll: requiringAll, repeats: 2)
        #expect(report.verdict == .notJudged)
        #expect(report[.connect]?.reason == .refused)
        #expect(report[.echo]?.reason == .notReached)
        #expect(report.addresses.count == 2)
    }

    @Test("an address that failed in one of several repetitions stays reported")
    func failedRepetitionStays() throws {
        let (first, second) = try (deadAddress(), deadAddress())
        let failure = StageFailure(.refused, "refused")
        var path = CheckPath()
        let good = [first, second].map { ConnectAttempt(address: $0, duration: .zero) }
        path.add(good)
        path.add([good[0], ConnectAttempt(address: second, duration: .zero, failure: failure)])
        path.add(good)
        #expect(path.openAddresses == [first])
    }

    @Test("a connection that took 1 s or more is named in the finding, the verdict and the performance data")
    func slowConnectIsNamed() throws {
        #expect(StageReport.slowConnect(.milliseconds(999), in: .echo) == "")
        #expect(StageReport.slowConnect(nil, in: .echo) == "")
        #expect(StageReport.slowConnect(.seconds(4), in: .echo) == "; slowest connect 4 s")
        var report = CheckReport(of: try EchoCheck("127.0.0.1:7"))
        for (stage, slowest) in [(CheckStage.echo, 4), (.integrity, 1)] {
            let duration = Duration.seconds(slowest)
            report.stages.append(
                StageReport(
                    stage: stage, outcome: .passed, reason: nil, finding: "", duration: duration,
                    slowestConnect: duration))
        }
        #expect(CheckTable(report).verdict == "PASS: echo, integrity; slowest connect 4 s, in echo")
        #expect(report.nagiosLine().hasSuffix(" slowest_connect=4s;;;0"))
        #expect(report.json().contains("\"slowest_connect_s\" : 4,"))
    }

    @Test("together names how long its clients took to connect")
    func togetherNamesConnecting() async throws {
        let report = try await withFaultyServer(Self.good, seed: 0) { endpoint in
            var settings = FaultyServer.quick
            settings.timeout = .seconds(20)
            settings.stages = [.together]
            return await EchoCheck(endpoint, settings).run()
        }
        let finding = try #require(report[.together]?.finding)
        #expect(finding.contains("8 of 8 served at once, connected in "), "\(finding)")
        #expect(finding.contains(" (slowest ") && finding.contains("), slowest reply after "), "\(finding)")
        #expect(report[.together]?.slowestConnect != nil)
    }
}
