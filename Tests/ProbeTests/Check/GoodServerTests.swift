// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import NitkaCheck
import Testing

@Suite("Check: servers without faults") struct GoodServerTests {
    private static let settings: EchoCheck.Settings = {
        var settings = EchoCheck.Settings()
        settings.timeout = .seconds(20)
        settings.bulk = 2 << 20
        settings.idle = .milliseconds(300)
        return settings
    }()

    enum Model: CaseIterable { case threads, tasks }

    @Test("a server without faults passes every stage", arguments: Model.allCases)
    func passesEveryStage(model: Model) async throws {
        let report = try await whileServing(model) { await EchoCheck($0, Self.settings).run() }
        #expect(report.stages.map(\.stage) == CheckStage.allCases)
        #expect(report.stages.allSatisfy { $0.outcome == .passed }, "\(CheckTable(report).lines())")
        #expect(report.verdict == .passed)
    }

    @Test("a check repeats the requested stages, and skips the others")
    func repeatsRequestedStages() async throws {
        var settings = Self.settings
        settings.stages = [.echo, .crossTalk]
        settings.repeats = 3
        let report = try await whileServing(.threads) { await EchoCheck($0, settings).run() }
        let asked = report.stages.filter { $0.outcome == .passed }.map(\.stage)
        #expect(asked == [.resolve, .connect, .echo, .crossTalk])
        #expect(report.stages.filter { $0.outcome == .skipped }.allSatisfy { $0.reason == .notAsked })
    }

    @Test("runBlocking runs a check on the calling thread")
    func runsOnTheCallingThread() throws {
        // A synchronous function, because runBlocking is not available in an async one.
        func verdict(_ check: EchoCheck) -> CheckVerdict { check.runBlocking().verdict }
        let server = try Server(on: "127.0.0.1:0")
        let threads = ThreadGroup()
        try threads.start(named: "accept") { _ = try? server.run { try EchoService.serve($0) } }
        var settings = Self.settings
        settings.stages = [.echo]
        #expect(verdict(EchoCheck(try Endpoint("\(server.addresses[0])"), settings)) == .passed)
        server.endNow()
        #expect(threads.join(until: .now + .seconds(30)))
    }

    @Test("cancelling the task ends a check early")
    func cancellationEndsTheCheck() async throws {
        var settings = Self.settings
        settings.idle = .seconds(3600)
        let began = MonotonicTime.now
        let report = try await whileServing(.threads) { endpoint in
            let settings = settings
            let task = Task { await EchoCheck(endpoint, settings).run() }
            task.cancel()
            return await task.value
        }
        #expect(report.verdict == .notJudged)
        #expect(report.stages.last?.reason == .cancelled)
        #expect(MonotonicTime.now - began < .seconds(600))
    }

    private func whileServing<Result: Sendable>(
        _ model: Model, _ body: (Endpoint) async throws -> Result
    ) async throws -> Result {
        let server = try Server(on: "127.0.0.1:0")
        let threads = ThreadGroup()
        try threads.start(named: "accept") {
            switch model {
            case .threads: _ = try? server.run { try EchoService.serve($0) }
            case .tasks: _ = try? server.runTasksBlocking(loops: 2) { try await EchoService.serve($0) }
            }
        }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(try Endpoint("\(server.addresses[0])")))
        } catch {
            result = .failure(error)
        }
        server.endNow()
        #expect(threads.join(until: .now + .seconds(30)))
        return try result.get()
    }
}
