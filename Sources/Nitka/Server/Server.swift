// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// A TCP server: it accepts clients within its limits, serves each one with a handler, and drains without losing a byte.
///
/// ```swift
/// let server = try Server(on: "127.0.0.1:7007")
/// try server.run { client in
///     while let bytes = try client.read() { try client.write(bytes) }
/// }
/// ```
///
/// A plain handler may block: `run(_:stackBytes:_:)` gives each client a thread. An async handler suspends:
/// ``runTasks(loops:_:)`` gives each client a task. A server runs once. Any thread may call it, also from a handler.
public final class Server: Sendable {
    /// The addresses that it listens on, with the real port.
    public let addresses: [SocketAddress]
    /// The addresses of the name that it does not listen on, with the reason.
    public let skippedAddresses: [String]
    /// The limits that were asked for; the machine may lower ``Limits/clients``, see ``ServerSnapshot/clientLimit``.
    public let limits: Limits

    let listener: Lock<Listener?>
    let registry = ClientRegistry()
    let drainSignal: DrainSignal
    let control = Monitor(Control())
    /// Wakes the accept loop.
    let wake: WakeEvent
    let acceptLoopWaits = Atomic<Bool>(false)
    let observers = Observers()

    struct Control {
        var phase = ServerPhase.idle
        var drain: DrainPlan?
        var isCuttingOff = false
        var hasRun = false
        var clientLimit = 0
    }

    /// Listens on an endpoint. From here on clients can connect; they wait in the backlog until the server runs.
    ///
    /// Blocks while a name is looked up.
    ///
    /// - Parameters:
    ///   - endpoint: where to listen; port 0 takes a free port, which ``addresses`` tells.
    ///   - limits: what clients are allowed.
    ///   - backlog: how many connections may wait to be accepted, see listen(2); 1 or more.
    /// - Throws: ``NitkaError`` when the endpoint can't be listened on.
    public init(on endpoint: Endpoint, limits: Limits = Limits(), backlog: Int = 1024) throws(NitkaError) {
        let listener = try Listener(on: endpoint, backlog: backlog)
        do throws(Errno) {
            drainSignal = try DrainSignal()
            wake = try WakeEvent()
        } catch {
            throw NitkaError("prepare to serve", endpoint.description, .system(error))
        }
        addresses = listener.addresses
        skippedAddresses = listener.skipped
        self.limits = limits
        self.listener = Lock(listener)
    }

    /// Listens on `HOST:PORT`, as ``init(on:limits:backlog:)-(Endpoint,_,_)``.
    ///
    /// - Throws: ``NitkaError`` when it is no address, or can't be listened on.
    public convenience init(on address: String, limits: Limits = Limits(), backlog: Int = 1024) throws(NitkaError) {
        try self.init(on: Endpoint(address), limits: limits, backlog: backlog)
    }

    deinit { observers.finish() }

    /// The server as it is now, in plain copies that are consistent with each other.
    public func snapshot() -> ServerSnapshot {
        var snapshot = registry.snapshot()
        (snapshot.phase, snapshot.clientLimit) = control.withLock { ($0.phase, $0.clientLimit) }
        return snapshot
    }

    /// A stream of what happens from now on, for a new observer. It ends after the server has ended or is released.
    ///
    /// - Parameters:
    ///   - topic: what to report. A client's own thread creates the events of the client.
    ///   - capacity: how many events may wait for the observer; 1 or more. Events beyond are dropped and counted: a
    ///     handler never waits for an observer.
    public func events(about topic: EventTopic = .everything, capacity: Int = 16_384) -> EventStream {
        let stream = observers.add(topic, capacity: capacity)
        if control.withLock({ $0.phase == .ended }) { stream.finish() }
        return stream
    }

    func report(_ event: ServerEvent) { observers.report(event) }

    func reportClient(_ event: @autoclosure () -> ServerEvent) { observers.reportClient(event()) }

    /// Called when a permit is free again.
    func wakeAcceptLoop() {
        if acceptLoopWaits.load(ordering: .sequentiallyConsistent) { wake.raise() }
    }

    var addressText: String { addresses.first?.description ?? "nothing" }
}
