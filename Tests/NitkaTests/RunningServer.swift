// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem

/// The model that serves clients: every behaviour of a server is tested over each model that can have it.
enum ServingModel: CaseIterable {
    case iterative
    case threads
    case tasks

    /// The models that serve several clients at once.
    static let concurrent: [ServingModel] = [.threads, .tasks]
}

/// The handler of a client, in its plain and its async form: they differ in `await` alone.
struct Handlers {
    let plain: @Sendable (Client) throws -> Void
    let tasks: @Sendable (AsyncClient) async throws -> Void

    /// For tests of the plain models alone.
    static func plain(_ handler: @escaping @Sendable (Client) throws -> Void) -> Handlers {
        Handlers(plain: handler, tasks: { _ in fatalError("a handler for plain models") })
    }

    /// For tests of tasks alone.
    static func tasks(_ handler: @escaping @Sendable (AsyncClient) async throws -> Void) -> Handlers {
        Handlers(plain: { _ in fatalError("a handler for tasks") }, tasks: handler)
    }

    static let echo = Handlers(plain: { try EchoService.serve($0) }, tasks: { try await EchoService.serve($0) })
}

/// Runs a server while the body runs, and ends it on every exit path.
func withServer<Result>(
    _ model: ServingModel, limits: Limits = Limits(), handlers: Handlers = .echo, loops: Int = 2,
    _ body: (RunningServer) throws -> Result
) throws -> Result {
    let running = try RunningServer(model, limits: limits, handlers: handlers, loops: loops)
    defer { running.stop() }
    return try body(running)
}

/// As ``withServer(_:limits:handlers:loops:_:)``, for tests that await.
func withServerAsync<Result>(
    _ model: ServingModel, limits: Limits = Limits(), handlers: Handlers = .echo,
    _ body: (RunningServer) async throws -> Result
) async throws -> Result {
    let running = try RunningServer(model, limits: limits, handlers: handlers)
    defer { running.stop() }
    return try await body(running)
}

extension Server {
    func run(_ model: ServingModel, _ handlers: Handlers, loops: Int = 2) throws -> ServerSnapshot {
        switch model {
        case .iterative: try run(.iterative, handlers.plain)
        case .threads: try run(.threads, handlers.plain)
        case .tasks: try runTasksBlocking(loops: loops, handlers.tasks)
        }
    }
}

/// A server that runs on its own thread.
final class RunningServer: Sendable {
    let server: Server
    private let threads = ThreadGroup()
    private let totals = Monitor<ServerSnapshot?>(nil)

    init(_ model: ServingModel, limits: Limits, handlers: Handlers, loops: Int = 2) throws {
        server = try Server(on: "127.0.0.1:0", limits: limits)
        let (server, totals) = (server, totals)
        try threads.start(named: "accept") {
            let snapshot = (try? server.run(model, handlers, loops: loops)) ?? server.snapshot()
            totals.update { $0 = snapshot }
        }
    }

    var address: SocketAddress { server.addresses[0] }

    func connect() throws -> Connection {
        let connection = try Connection.open(to: address)
        connection.idleTimeout = .seconds(20)
        connection.writeTimeout = .seconds(20)
        return connection
    }

    /// Waits for `run`, 30 s at most, and returns its result.
    func ended() -> ServerSnapshot? { totals.wait(until: .now + .seconds(30)) { $0 } }

    /// Waits until the only client has ended for this reason.
    func expectEnd(_ code: String) throws {
        try eventually("the client has ended: \(code)") { server.snapshot().endedByReason == [code: 1] }
    }

    func stop() {
        server.endNow()
        _ = threads.join(until: .now + .seconds(30))
    }
}

extension EventStream {
    /// Waits for the first client to end, and returns its record.
    func firstRecord() -> ClientRecord? {
        for event in self {
            if case .clientEnded(let record) = event { return record }
        }
        return nil
    }
}
