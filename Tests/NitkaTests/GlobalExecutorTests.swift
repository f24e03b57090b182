// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Testing

/// Each test runs in its own process: they need the global executor, whose threads the other tests block.
@Suite struct GlobalExecutorTests {
    @Test("a client may be used from the main actor and from detached tasks") func otherExecutors() async {
        await #expect(processExitsWith: .success) { try useClientFromOtherExecutors() }
    }

    @Test("clients of different loops and threads write to each other") func chat() async {
        await #expect(processExitsWith: .success) { for model in ServingModel.concurrent { try runChat(model) } }
    }

    @Test("a server whose task is cancelled drains") func cancelled() async {
        await #expect(processExitsWith: .success) {
            try await cancel { try await $0.runTasks(loops: 1) { try await EchoService.serve($0) } }
            try await cancel { try await $0.run(.threads) { try EchoService.serve($0) } }
            try await cancel { try await $0.run(.iterative) { try EchoService.serve($0) } }
        }
    }
}

private func useClientFromOtherExecutors() throws {
    let handlers = Handlers.tasks { client in
        while let bytes = try await Task.detached(operation: { try await client.read() }).value {
            try await writeOnMainActor(bytes, to: client)
        }
        await Task.detached { await client.closeWrite() }.value
    }
    try withServer(.tasks, handlers: handlers) { running in
        let connection = try running.connect()
        let long = pattern(500_000)
        try together(2) { side in
            if side == 0 {
                try connection.write(long)
                connection.closeWrite()
            } else {
                let got = try connection.readToEnd()
                precondition(got == long)
            }
        }
    }
}

/// Every client's bytes are written to all clients, whichever thread or loop serves them.
private func runChat(_ model: ServingModel) throws {
    let plain = Monitor<[Client]>([])
    let tasks = Monitor<[AsyncClient]>([])
    let handlers = Handlers { client in
        plain.update { $0.append(client) }
        while let bytes = try client.read() {
            for other in plain.withLock({ $0 }) { try other.write(bytes) }
        }
    } tasks: { client in
        tasks.update { $0.append(client) }
        while let bytes = try await client.read() {
            for other in tasks.withLock({ $0 }) { try await other.write(bytes) }
        }
    }
    try withServer(model, handlers: handlers) { running in
        let connections = try (0..<5).map { _ in try running.connect() }
        try eventually("all clients are served") { plain.withLock { $0.count } + tasks.withLock { $0.count } == 5 }
        try connections[0].write(Array("hello".utf8))
        for connection in connections {
            let got = try connection.read(exactly: 5)
            precondition(got == Array("hello".utf8))
        }
    }
    // The server has ended: a client that was kept throws, and nothing hangs.
    for client in plain.withLock({ $0 }) {
        let error = failure { () throws(NitkaError) in try client.write([1]) }
        precondition(error?.reason == .closed)
    }
    for client in tasks.withLock({ $0 }) {
        let outcome = Monitor<Bool?>(nil)
        Task {
            do {
                try await client.write([1])
            } catch {
                outcome.update { $0 = (error as? NitkaError)?.reason == .closed }
            }
        }
        precondition(outcome.wait(until: .now + .seconds(20)) { $0 } == true)
    }
}

/// Cancels the task that runs a server, while a client is connected.
private func cancel(_ run: @escaping @Sendable (Server) async throws -> ServerSnapshot) async throws {
    let server = try Server(on: "127.0.0.1:0")
    let task = Task { try await run(server) }
    try withAnEcho(of: server) { task.cancel() }
    let totals = try await task.value
    precondition(totals.endedByReason == ["drained": 1])
}

private func withAnEcho(of server: Server, _ body: () -> Void) throws {
    let connection = try Connection.open(to: server.addresses[0])
    connection.idleTimeout = .seconds(20)
    let answer = try connection.echo("x")
    precondition(answer == "x")
    body()
    let end = try connection.read()
    precondition(end == nil)
    connection.close()
}

@MainActor private func writeOnMainActor(_ bytes: [UInt8], to client: AsyncClient) async throws {
    try await client.write(bytes)
}

private func failure(_ body: () throws(NitkaError) -> Void) -> NitkaError? {
    do throws(NitkaError) {
        try body()
        return nil
    } catch {
        return error
    }
}
