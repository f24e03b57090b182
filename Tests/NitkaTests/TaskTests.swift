// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Testing

/// What is particular to tasks on event loops.
@Suite struct TaskTests {
    /// The serving task comes back to its loop across every kind of `await` that the documentation names.
    @Test(arguments: [ServingModel.tasks])
    func aHandlerStaysOnItsLoop(model: ServingModel) throws {
        let names = Monitor<Set<String>>([])
        let handlers = Handlers.tasks { client in
            let note: @Sendable () -> Void = { names.update { _ = $0.insert(CurrentThread.name) } }
            note()
            while let bytes = try await client.read() {
                note()
                try await Task.sleep(for: .milliseconds(1))
                note()
                await Task.yield()
                async let child: Void = { note() }()
                await child
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 { group.addTask { note() } }
                }
                await Counter().add(note)
                note()
                try await client.write(bytes)
                note()
            }
        }
        try withServer(model, handlers: handlers) { running in
            let connection = try running.connect()
            for _ in 0..<20 { #expect(try connection.echo("x") == "x") }
            #expect(names.withLock { $0.count } == 1)
            #expect(names.withLock { $0.allSatisfy { $0.hasPrefix("loop-") } })
        }
    }

    @Test(arguments: [ServingModel.tasks])
    func theBytesOfTwoTasksDoNotMix(model: ServingModel) throws {
        // More than the kernel queues: both writers have to wait in the middle.
        let size = 12 << 20
        let handlers = Handlers.tasks { client in
            async let first: Void = client.write([UInt8](repeating: 1, count: size))
            async let second: Void = client.write([UInt8](repeating: 2, count: size))
            _ = try await (first, second)
        }
        try withServer(model, handlers: handlers) { running in
            let got = try running.connect().readToEnd()
            let (ones, twos) = ([UInt8](repeating: 1, count: size), [UInt8](repeating: 2, count: size))
            #expect(got == ones + twos || got == twos + ones)
        }
    }

    /// One that always has something to do lets the others have their turn.
    @Test(arguments: [ServingModel.tasks])
    func aStreamingClientDoesNotStarveTheOthersOfItsLoop(model: ServingModel) throws {
        try withServer(model) { running in
            let streams = try (0..<4).map { _ in try running.connect() }
            let talker = try running.connect()
            let isOver = Monitor(false)
            let block = pattern(1 << 20)
            try together(9) { index in
                if index == 8 {
                    for _ in 0..<200 { #expect(try talker.echo("x") == "x") }
                    isOver.update { $0 = true }
                } else if index < 4 {
                    while !isOver.withLock({ $0 }) { try streams[index].write(block) }
                    streams[index].closeWrite()
                } else {
                    while try streams[index - 4].read() != nil {}
                }
            }
        }
    }

    @Test(arguments: [ServingModel.tasks])
    func twoHundredServersComeAndGo(model: ServingModel) throws {
        // Each waits out a drain's quiet time: several do at once.
        try together(8) { lane in
            for round in 0..<25 {
                let running = try RunningServer(model, limits: Limits(), handlers: .echo)
                let connection = try running.connect()
                #expect(try connection.echo("\(lane) \(round)") == "\(lane) \(round)")
                running.server.drain(within: .seconds(20))
                #expect(try connection.read() == nil)
                connection.close()
                #expect(running.ended()?.endedByReason == ["drained": 1])
                running.stop()
            }
        }
    }
}

private actor Counter {
    func add(_ note: @Sendable () -> Void) { note() }
}

/// Each in a process of its own: these need the global executor, whose threads the other tests block.
@Suite struct TasksFromElsewhereTests {
    /// From the main actor and from tasks that run anywhere.
    @Test func aClientMayBeUsedFromElsewhere() async {
        await #expect(processExitsWith: .success) {
            for model in [ServingModel.tasks] { try useClientFromElsewhere(model) }
        }
    }

    @Test func clientsOfDifferentLoopsReachOneAnother() async {
        await #expect(processExitsWith: .success) { for model in [ServingModel.tasks] { try chat(model) } }
    }

    @Test func aCancelledTaskDrains() async {
        await #expect(processExitsWith: .success) {
            try await cancel { try await $0.runTasks(loops: 1) { try await EchoService.serve($0) } }
            try await cancel { try await $0.run { try EchoService.serve($0) } }
        }
    }
}

private func useClientFromElsewhere(_ model: ServingModel) throws {
    let handlers = Handlers.tasks { client in
        while let bytes = try await Task.detached(operation: { try await client.read() }).value {
            try await writeOnMainActor(bytes, to: client)
        }
        await Task.detached { await client.closeWrite() }.value
    }
    try withServer(model, handlers: handlers) { running in
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

/// What one says goes to all, whichever loop they are on.
private func chat(_ model: ServingModel) throws {
    let room = Monitor<[AsyncClient]>([])
    let handlers = Handlers.tasks { client in
        room.update { $0.append(client) }
        while let bytes = try await client.read() {
            for other in room.withLock({ $0 }) { try await other.write(bytes) }
        }
    }
    try withServer(model, handlers: handlers) { running in
        let connections = try (0..<5).map { _ in try running.connect() }
        try eventually("all are in the room") { room.withLock { $0.count } == 5 }
        try connections[0].write(Array("hello".utf8))
        for connection in connections {
            let got = try connection.read(exactly: 5)
            precondition(got == Array("hello".utf8))
        }
    }
    // The server and its loops are gone: a client that was kept says so, and nothing hangs.
    let kept = room.withLock { $0[0] }
    let outcome = Monitor<Bool?>(nil)
    Task {
        do { try await kept.write([1]) } catch { outcome.update { $0 = (error as? NitkaError)?.reason == .closed } }
    }
    precondition(outcome.wait(until: .now + .seconds(20)) { $0 } == true)
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
