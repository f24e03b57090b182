// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

/// Each test runs in its own process, where no other test opens a descriptor or makes a thread.
@Suite struct LeakTests {
    @Test("an iterative server leaks no descriptor and no thread") func iterative() async {
        await #expect(processExitsWith: .success) { try expectNoLeak(under: .iterative) }
    }

    @Test("a server with a thread per client leaks no descriptor and no thread") func threads() async {
        await #expect(processExitsWith: .success) { try expectNoLeak(under: .threads) }
    }

    @Test("a server with a task per client leaks no descriptor and no thread") func tasks() async {
        await #expect(processExitsWith: .success) { try expectNoLeak(under: .tasks) }
    }

    @Test("the echo service leaks no descriptor and no thread under any model") func echo() async {
        await #expect(processExitsWith: .success) {
            for model in ServingModel.allCases { try expectNoLeak(under: model, .echo) }
        }
    }
}

/// Clients finish, reset, make their handler throw, or have their input ignored, in 5 rounds. Afterwards there are exactly
/// as many descriptors and threads as before.
private func expectNoLeak(under model: ServingModel, _ handlers: Handlers? = nil) throws {
    struct Oops: Error {}
    let handlers =
        handlers
        ?? Handlers {
            while let bytes = try $0.read() {
                if bytes.first == 0 { throw Oops() }
                if bytes.first == 2 { return }
                try $0.write(bytes)
            }
        } tasks: {
            while let bytes = try await $0.read() {
                if bytes.first == 0 { throw Oops() }
                if bytes.first == 2 { return }
                try await $0.write(bytes)
            }
        }
    // In the first round the Swift runtime opens what it keeps.
    try runRound(model, handlers)
    let before = count()
    for _ in 0..<5 { try runRound(model, handlers) }
    let after = count()
    precondition(before == after, "before \(before), after \(after)")
}

private func runRound(_ model: ServingModel, _ handlers: Handlers) throws {
    try withServer(model, handlers: handlers) { running in
        for number in 0..<30 {
            let connection = try running.connect()
            switch number % 4 {
            case 0:
                let answer = try connection.echo("x")
                precondition(answer == "x")
            case 1: try connection.write([0])
            // The handler reads only the first of these bytes.
            case 2: try connection.write([UInt8](repeating: 2, count: 200_000))
            default:
                // A close with the echo unread: the server's next send fails with a reset.
                try connection.write([UInt8](repeating: 1, count: 100_000))
            }
            // The others close when their last owner releases them.
            if number % 3 != 0 { connection.close() }
        }
        try eventually("all clients have ended") { running.server.snapshot().ended == 30 }
    }
}

private func count() -> [Int] {
    [descriptorCount(), ProcFile.names(in: "/proc/self/task")?.count ?? -1]
}
