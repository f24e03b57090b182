// SPDX-License-Identifier: Apache-2.0

/// Something that happened in a server.
public enum ServerEvent: Sendable {
    /// All that the server's model needs is there, and it accepts. Only who observed before the server ran is told.
    case serving
    /// A client was admitted, and its handler begins on this thread.
    case clientCame(id: ClientID, peer: SocketAddress, thread: ThreadName)
    /// A client has gone.
    case clientLeft(ClientRecord)
    /// As many clients are there as may be. Said again only after a tenth of the places were free, and
    /// once a minute at most.
    case full(clients: Int)
    /// The machine allows fewer clients at once than was asked for.
    case limitLowered(from: Int, to: MachineLimit)
    /// `accept` fails, or no thread can be made: how often since this was last said, at most once a second.
    case acceptTrouble(reason: String, count: Int)
    /// The server drains: how many clients are there.
    case draining(clients: Int)
    /// The listener is dead, and the server ends.
    case listenerFailed(reason: String)
    /// The observer was too slow: so many events are missing here.
    case missed(Int)
}

/// What an observer wants to be told.
public enum EventTopic: Sendable {
    /// All that happens.
    case everything
    /// What concerns the server as a whole: not who comes and goes.
    case server
}
