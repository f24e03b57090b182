// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import NitkaBench
import NitkaCheck
import NitkaProbe
import Testing

/// A bench that is ended early.
@Suite struct BenchStopTests {
    /// A queue that is full: the kernel drops who asks for more, and nobody says so.
    @Test(.timeLimit(.minutes(1))) func aRunThatIsStoppedWhileItConnectsEndsAtOnce() async throws {
        let listener = try Listener(on: Endpoint("127.0.0.1:0"), backlog: 0)
        let address = listener.addresses[0]
        var waiting: [Connection] = []
        while let connection = try? Connection.open(to: address, timeout: .milliseconds(300)) {
            waiting.append(connection)
        }
        var plan = BenchPlan.short
        plan.timeout = .seconds(600)
        let bench = try Bench("\(address)", plan)
        let task = Task { try await bench.run() }
        while !isAskedForAConnection(address.port) { try await Task.sleep(for: .milliseconds(5)) }
        bench.stop()
        await #expect { try await task.value } throws: { error in
            "\(error)" == "it was ended before \(address) had answered"
        }
        withExtendedLifetime(waiting) {}
    }

    /// A connection in SYN_SENT, which is 02 there, see proc_pid_net(5).
    private func isAskedForAConnection(_ port: UInt16) -> Bool {
        let number = String(Int(port) + 0x10000, radix: 16, uppercase: true).dropFirst()
        return (ProcFile.text("/proc/net/tcp") ?? "").split(separator: "\n").contains { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[2].hasSuffix(":\(number)") && fields[3] == "02"
        }
    }

    @Test func aRunThatIsStoppedWhileItWarmsUpEndsAtOnce() async throws {
        try await withServer({ try await EchoService.serve($0) }) { address in
            var plan = BenchPlan.short
            plan.warmup = .seconds(600)
            let bench = try Bench("\(address)", plan)
            let outcome = try await bench.run { progress in
                if case .warmingUp = progress { bench.stop() }
            }
            #expect(outcome.wasInterrupted)
            #expect(outcome.duration == .zero)
        }
    }

    @Test func aCancelledTaskStopsItsRun() async throws {
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
    /// Of a bench that is over at once.
    static var short: BenchPlan {
        var plan = BenchPlan()
        (plan.clients, plan.loops, plan.duration, plan.warmup) = (4, 1, .milliseconds(300), .milliseconds(50))
        return plan
    }
}

extension Monitor where State == Bool {
    func waitForTrue() -> Bool { wait(until: .now + .seconds(30)) { $0 ? true : nil } ?? false }
}
