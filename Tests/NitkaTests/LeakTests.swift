// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Testing

/// Each in a process of its own, where no other test opens a descriptor or makes a thread.
@Suite struct LeakTests {
    @Test func threadsLeaveNothing() async {
        await #expect(processExitsWith: .success) { try loseNothing(under: .threads) }
    }

    @Test func tasksLeaveNothing() async {
        await #expect(processExitsWith: .success) {
            for model in [ServingModel.tasks] { try loseNothing(under: model) }
        }
    }

    /// The same, with clients that a ring serves.
    @Test func theEchoLeavesNothing() async {
        await #expect(processExitsWith: .success) {
            for model in ServingModel.allCases { try loseNothing(under: model, .echo) }
        }
    }

    @Test func iterativeLeavesNothing() async {
        await #expect(processExitsWith: .success) { try loseNothing(under: .iterative) }
    }
}

/// Clients that finish, that reset, that throw their handler, whose handler reads no more, round after round: afterwards descriptors and threads are
/// exactly as many as before.
private func loseNothing(under model: ServingModel, _ handlers: Handlers? = nil) throws {
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
    // The first round lets the runtime open what it keeps.
    try playOnce(model, handlers)
    let before = count()
    for _ in 0..<5 { try playOnce(model, handlers) }
    let after = count()
    precondition(before == after, "before \(before), after \(after)")
}

private func playOnce(_ model: ServingModel, _ handlers: Handlers) throws {
    try withServer(model, handlers: handlers) { running in
        for number in 0..<30 {
            let connection = try running.connect()
            switch number % 4 {
            case 0:
                let answer = try connection.echo("x")
                precondition(answer == "x")
            case 1: try connection.write([0])
            // What comes after the first byte is never read by the handler.
            case 2: try connection.write([UInt8](repeating: 2, count: 200_000))
            default:
                // Closed with the echo unread: the server's next send meets a reset.
                try connection.write([UInt8](repeating: 1, count: 100_000))
            }
            // Whom nobody knows any more is closed too.
            if number % 3 != 0 { connection.close() }
        }
        try eventually("all have gone") { running.server.snapshot().ended == 30 }
    }
}

private func count() -> [Int] {
    [ProcFile.names(in: "/proc/self/fd")?.count ?? -1, ProcFile.names(in: "/proc/self/task")?.count ?? -1]
}
