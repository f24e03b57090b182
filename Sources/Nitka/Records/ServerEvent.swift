// SPDX-License-Identifier: Apache-2.0

/// Something that happened in a server.
@nonexhaustive
public enum ServerEvent: Sendable {
    /// The server has everything that its model needs, and accepts clients. Only an observer from before the server ran
    /// gets it.
    case serving
    /// A client was admitted; this thread runs its handler.
    case clientStarted(id: ClientID, peer: SocketAddress, thread: ThreadName)
    /// A client has ended.
    case clientEnded(ClientRecord)
    /// The server is full. Reported again only after a tenth of the permits were free, and at most once per minute.
    case full(clients: Int)
    /// The machine has the means for fewer clients at once than were asked for.
    case limitLowered(from: Int, to: MachineLimit)
    /// accept(2) or the creation of a client's thread failed. Reported at most once per second; `count` is the number of
    /// failures since the last report.
    case acceptTrouble(reason: String, count: Int)
    /// The server drains this many clients.
    case draining(clients: Int)
    /// The listener has failed, and the server ends.
    case listenerFailed(reason: String)
    /// The observer was too slow: this many events are missing here.
    case missed(Int)
}

/// What an observer wants to hear of.
public enum EventTopic: Sendable {
    // Closed: an observer hears of the clients or does not.

    /// Everything that happens.
    case everything
    /// What concerns the server as a whole: not the start and end of each client.
    case server
}
