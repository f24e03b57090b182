// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import NitkaBench
import NitkaCheck
import NitkaProbe
import Testing

/// Runs that are ended early.
@Suite struct BenchStopTests {
    /// With a full backlog, the kernel drops further SYNs without an answer.
    @Test("a run that is stopped while it connects ends at once", .timeLimit(.minutes(1)))
    func aRunThatIsStoppedWhileItConnectsEndsAtOnce() async throws {
        let listener = try Listener(on: Endpoint("127.0.0.1:0"), backlog: 0)
        let address = listener.addresses[0]
        let waiting = fillBacklog(of: address)
        var plan = BenchPlan.short
        plan.timeout = .seconds(600)
        let bench = try Bench("\(address)", plan)
        let task = Task { try await bench.run() }
        while !hasConnectionAttempt(address.port) { try await Task.sleep(for: .milliseconds(5)) }
        bench.stop()
        await #expect { try await task.value } throws: { error in
            "\(error)" == "the run was ended before \(address) answered"
        }
        withExtendedLifetime(waiting) {}
    }

    /// True if a connection to the port is in SYN_SENT, which is 02 in that file, see proc_pid_net(5).
    private func hasConnectionAttempt(_ port: UInt16) -> Bool {
        let number = String(Int(port) + 0x10000, radix: 16, uppercase: true).dropFirst()
        return (ProcFile.text("/proc/net/tcp") ?? "").split(separator: "\n").contains { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[2].hasSuffix(":\(number)") && fields[3] == "02"
        }
    }

    @Test("a run that is stopped during its warm-up ends at once")
    func aRunThatIsStoppedWhileItWarmsUpEndsAtOnce() async throws {
        try await withServer({ try await EchoService.serve($0) }) { address in
            var plan = BenchPlan.short
            plan.warmup = .seconds(600)
            let bench = try Bench("\(address)", plan)
            let outcome = try await bench.run { progress in
                if case .warmingUp = progress { bench.stop() }
            }
            #expect(outcome.wasInterrupted)
            #expect(outcome.duration == .zero)
            #expect(outcome.invalidReasons == ["ended before counting began"])
        }
    }

    /// The server accepts, and answers nothing.
    @Test("a run that is stopped before a client is served says that it was ended", .timeLimit(.minutes(1)))
    func aRunThatIsStoppedBeforeAClientIsServed() async throws {
        let hasMessage = Monitor(false)
        try await withServer({ client in
            while try await client.read() != nil { hasMessage.update { $0 = true } }
        }) { address in
            var plan = BenchPlan.short
            plan.timeout = .seconds(600)
            let bench = try Bench("\(address)", plan)
            let task = Task { try await bench.run() }
            #expect(await Task.detached { hasMessage.waitForTrue() }.value)
            bench.stop()
            await #expect { try await task.value } throws: { error in
                "\(error)" == "the run was ended before \(address) served a client"
            }
        }
    }

    @Test("cancelling the task of a run stops the run") func aCancelledTaskStopsItsRun() async throws {
        try await withServer({ try await EchoService.serve($0) }) { address in
            var plan = BenchPlan.short
            plan.duration = .seconds(600)
            let bench = try Bench("\(address)", plan)
            let began = Monitor(false)
            let task = Task { try await bench.run { _ in began.update { $0 = true } } }
            #expect(await Task.detached { began.waitForTrue() }.value)
            task.cancel()
            #expect(try await task.value.wasInterrupted)
        }
    }
}

extension BenchPlan {
    /// The plan of a very short run.
    static var short: BenchPlan {
        var plan = BenchPlan()
        (plan.clients, plan.loops, plan.duration, plan.warmup) = (4, 1, .milliseconds(300), .milliseconds(50))
        return plan
    }
}

extension Monitor where State == Bool {
    func waitForTrue() -> Bool { wait(until: .now + .seconds(30)) { $0 ? true : nil } ?? false }
}

/// Connects until the backlog is full, and the kernel answers no more.
func fillBacklog(of address: SocketAddress) -> [Connection] {
    var waiting: [Connection] = []
    while let connection = try? Connection.open(to: address, timeout: .milliseconds(300)) { waiting.append(connection) }
    return waiting
}
