// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem

/// The model that serves clients: every behaviour of the server is tested over each.
enum ServingModel: CaseIterable {
    case iterative
    case threads
    case tasks

    /// The models that serve several clients at once.
    static let concurrent: [ServingModel] = [.threads, .tasks]
}

/// What one client gets, for the plain models and for tasks: two handlers that differ in `await` alone.
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

/// A server for as long as the body runs: it is ended on every way out.
func withServer<Result>(
    _ model: ServingModel, limits: Limits = Limits(), handlers: Handlers = .echo, loops: Int = 2,
    _ body: (RunningServer) throws -> Result
) throws -> Result {
    let running = try RunningServer(model, limits: limits, handlers: handlers, loops: loops)
    defer { running.stop() }
    return try body(running)
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

/// A server that runs on a thread of its own.
final class RunningServer: Sendable {
    let server: Server
    private let chain = ThreadGroup()
    private let totals = Monitor<ServerSnapshot?>(nil)

    init(_ model: ServingModel, limits: Limits, handlers: Handlers, loops: Int = 2) throws {
        server = try Server(on: "127.0.0.1:0", limits: limits)
        let (server, totals) = (server, totals)
        try chain.start(named: "accept") {
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

    /// What `run` returned; waits for it, half a minute at most.
    func ended() -> ServerSnapshot? { totals.wait(until: .now + .seconds(30)) { $0 } }

    func stop() {
        server.endNow()
        _ = chain.join(until: .now + .seconds(30))
    }
}

extension EventStream {
    /// Of who leaves first; waits for it.
    func firstRecord() -> ClientRecord? {
        for event in self {
            if case .clientEnded(let record) = event { return record }
        }
        return nil
    }
}

struct NotInTime: Error, CustomStringConvertible {
    let description: String
}

/// Looks again and again until it is so; half a minute at most.
func eventually(_ what: String, _ isSo: () throws -> Bool) throws {
    let deadline = MonotonicTime.now + .seconds(30)
    let never = Monitor(false)
    while try !isSo() {
        if .now > deadline { throw NotInTime(description: "not in time: \(what)") }
        _ = never.wait(until: .now + .milliseconds(2)) { $0 ? true : nil }
    }
}

extension Connection {
    /// Reads until so many bytes are there, or the stream ends.
    func read(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count, let more = try read() { bytes += more }
        return bytes
    }

    func readToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let more = try read() { bytes += more }
        return bytes
    }

    func echo(_ text: String) throws -> String {
        try write(Array(text.utf8))
        return String(decoding: try read(exactly: text.utf8.count), as: UTF8.self)
    }
}

/// Bytes in an order of their own. They repeat after 65,521, a prime: no buffer's size hides a shift.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    let period = (0..<min(count, 65_521)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes += period.prefix(count - bytes.count) }
    return bytes
}

/// Runs bodies at the same time, each on a thread of its own, and waits for all.
func together(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let chain = ThreadGroup()
    let failures = Monitor<[any Error]>([])
    for index in 0..<count {
        try chain.start(named: "test-\(index)") {
            do { try body(index) } catch { failures.update { $0.append(error) } }
        }
    }
    guard chain.join(until: .now + .seconds(60)) else {
        throw NotInTime(description: "threads of the test did not end")
    }
    if let first = failures.withLock({ $0.first }) { throw first }
}

/// The kernel threads of this process whose names begin so.
func threads(named prefix: String) -> [String] {
    (ProcFile.names(in: "/proc/self/task") ?? []).compactMap { id in
        ProcFile.text("/proc/self/task/\(id)/comm").map { String($0.dropLast()) }
    }.filter { $0.hasPrefix(prefix) }
}
