// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// Something that happened in a server.
@nonexhaustive
public enum ServerEvent: Sendable {
    /// The server accepts clients now. Only observers added before the server ran get this event.
    case serving
    /// A client was admitted; this thread runs its handler.
    case clientStarted(id: ClientID, peer: SocketAddress, thread: ThreadName)
    /// A client has ended.
    case clientEnded(ClientRecord)
    /// The server is full. Reported at most once per minute, and only after a tenth of the permits were free again.
    case full(clients: Int)
    /// The machine has resources for fewer clients than the limit allows, and the server has lowered the limit.
    case limitLowered(from: Int, to: MachineLimit)
    /// accept(2) or the creation of a client's thread failed. Reported at most once per second; `count` is the number of
    /// failures since the last report.
    case acceptTrouble(reason: String, count: Int)
    /// The server is paused: it accepts no client.
    case paused
    /// The server accepts clients again.
    case resumed
    /// The server drains this many clients.
    case draining(clients: Int)
    /// The listener has failed, and the server ends.
    case listenerFailed(reason: String)
    /// The observer was too slow: this many events were dropped here.
    case missed(Int)
}

/// The events that an observer gets.
public enum EventTopic: Sendable {
    // No case will be added: an observer gets the events of the clients, or it does not.

    /// All events.
    case everything
    /// All events but the start and end of each client.
    case server
}

/// What happens in a server, in order, for one observer thread: `for event in server.events() { … }`.
///
/// The queue is bounded and never makes a client's thread wait: events that a slow observer leaves no space for are
/// dropped, and a ``ServerEvent/missed(_:)`` takes their place. The stream ends after the server has.
public final class EventStream: Sequence, IteratorProtocol, Sendable {
    private struct State {
        var queue: [ServerEvent] = []
        var taken: [ServerEvent] = []
        var missed = 0
        var isFinished = false
    }

    private let state = Monitor(State())
    private let capacity: Int

    init(capacity: Int) { self.capacity = Swift.max(1, capacity) }

    /// The next event; nil after the last one. Blocks the calling thread until there is one.
    @available(*, noasync, message: "an event stream blocks its thread: read it on a thread of its own")
    public func next() -> ServerEvent? {
        state.wait { state -> ServerEvent?? in
            if state.taken.isEmpty {
                // Take the whole queue and reverse it once: neither side then moves elements under the lock.
                state.taken = state.queue.reversed()
                state.queue.removeAll(keepingCapacity: true)
                if state.missed > 0 {
                    state.taken.insert(.missed(state.missed), at: 0)
                    state.missed = 0
                }
            }
            if let event = state.taken.popLast() { return .some(event) }
            return state.isFinished ? .some(nil) : nil
        } ?? nil
    }

    /// Ends the stream: the observer gets what is in the queue, then nil, and the server forgets it.
    public func cancel() { finish() }

    /// How many events the observer has not read, with those that were dropped. Any thread may ask.
    public var unread: Int { state.withLock { $0.queue.count + $0.taken.count + $0.missed } }

    var isFinished: Bool { state.withLock { $0.isFinished } }

    /// Returns false when the stream has ended.
    @discardableResult
    func offer(_ event: ServerEvent) -> Bool {
        state.update { state in
            if state.isFinished { return false }
            if state.queue.count < capacity { state.queue.append(event) } else { state.missed += 1 }
            return true
        }
    }

    func finish() { state.update { $0.isFinished = true } }
}

/// The observers of one server.
final class Observers: Sendable {
    private let streams = Lock<[(topic: EventTopic, stream: EventStream)]>([])
    private let hearOfClients = Atomic<Bool>(false)

    func add(_ topic: EventTopic, capacity: Int) -> EventStream {
        let stream = EventStream(capacity: capacity)
        streams.withLock { streams in
            streams.append((topic, stream))
            forgetFinished(&streams)
        }
        return stream
    }

    func report(_ event: ServerEvent) {
        streams.withLock { streams in
            for (_, stream) in streams { stream.offer(event) }
            forgetFinished(&streams)
        }
    }

    /// A server without an observer of its clients makes no events of them.
    func reportClient(_ event: @autoclosure () -> ServerEvent) {
        guard hearOfClients.load(ordering: .acquiring) else { return }
        let event = event()
        streams.withLock { streams in
            var hasFinished = false
            for (topic, stream) in streams where topic == .everything {
                if !stream.offer(event) { hasFinished = true }
            }
            if hasFinished { forgetFinished(&streams) }
        }
    }

    private func forgetFinished(_ streams: inout [(topic: EventTopic, stream: EventStream)]) {
        streams.removeAll { $0.stream.isFinished }
        hearOfClients.store(streams.contains { $0.topic == .everything }, ordering: .releasing)
    }

    func finish() {
        streams.withLock { streams in
            for (_, stream) in streams { stream.finish() }
        }
    }
}
