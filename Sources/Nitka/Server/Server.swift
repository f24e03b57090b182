// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// A TCP server: it accepts, keeps to its limits, lets a model carry each client, and drains without losing a byte.
///
/// ```swift
/// let server = try Server(on: "127.0.0.1:7007")
/// try server.run { client in
///     while let bytes = try client.read() { try client.write(bytes) }
/// }
/// ```
///
/// A server runs once. All its calls may be made from any thread, handlers' threads included.
public final class Server: Sendable {
    /// The addresses listened on, with the real port.
    public let addresses: [SocketAddress]
    /// Addresses of the name that could not be listened on, with the reason.
    public let skippedAddresses: [String]
    /// What clients were asked to be allowed; the machine may lower ``Limits/clients``, see ``snapshot()``.
    public let limits: Limits

    let listener: Lock<Listener?>
    let registry = ClientRegistry()
    let interruption: Interruption
    let control = Monitor(Control())
    let wake: WakeEvent
    let acceptorAwaitsRoom = Atomic<Bool>(false)
    let observers = Lock(Observers())
    let isToldOfClients = Atomic<Bool>(false)

    struct Observers {
        var all: [EventStream] = []
        var ofClients: [EventStream] = []
    }

    struct Control {
        var phase = ServerPhase.idle
        var drain: DrainPlan?
        var isCuttingOff = false
        var hasRun = false
        var clientLimit = 0
    }

    /// Listens: from here on clients can connect, and wait until ``run(_:stackBytes:_:)`` accepts them.
    ///
    /// Blocks while a name is looked up.
    ///
    /// - Parameters:
    ///   - endpoint: port 0 takes a free one: ``addresses`` says which.
    ///   - limits: what clients are allowed.
    ///   - backlog: how many clients may wait in the kernel's queue, see listen(2).
    /// - Throws: ``NitkaError`` when it can't listen there.
    public init(on endpoint: Endpoint, limits: Limits = Limits(), backlog: Int = 1024) throws(NitkaError) {
        let listener = try Listener(on: endpoint, backlog: backlog)
        do throws(Errno) {
            interruption = try Interruption()
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
    /// - Throws: ``NitkaError`` when it is no address, or the server can't listen there.
    public convenience init(on address: String, limits: Limits = Limits(), backlog: Int = 1024) throws(NitkaError) {
        try self.init(on: Endpoint(address), limits: limits, backlog: backlog)
    }

    /// The server as it is now: plain copies, of which the sums agree.
    public func snapshot() -> ServerSnapshot {
        var snapshot = registry.snapshot()
        (snapshot.phase, snapshot.clientLimit) = control.withLock { ($0.phase, $0.clientLimit) }
        return snapshot
    }

    /// A new observer's stream of what happens from now on; it ends after the server has.
    ///
    /// - Parameters:
    ///   - topic: what to tell. To be told of every client that comes and goes costs each of them a word to the
    ///     observer's thread.
    ///   - capacity: how many events wait for the observer at most; 1 or more. What comes beyond is dropped and
    ///     counted: a handler never waits.
    public func events(about topic: EventTopic = .everything, capacity: Int = 16_384) -> EventStream {
        let stream = EventStream(capacity: capacity)
        observers.withLock { observers in
            observers.all.append(stream)
            if topic == .everything { observers.ofClients.append(stream) }
        }
        if topic == .everything { isToldOfClients.store(true, ordering: .releasing) }
        if control.withLock({ $0.phase == .ended }) { stream.finish() }
        return stream
    }

    func tell(_ event: ServerEvent) {
        observers.withLock { observers in
            for observer in observers.all { observer.offer(event) }
        }
    }

    func tellOfClient(_ event: @autoclosure () -> ServerEvent) {
        guard isToldOfClients.load(ordering: .acquiring) else { return }
        let event = event()
        observers.withLock { observers in
            for observer in observers.ofClients { observer.offer(event) }
        }
    }
}
