// SPDX-License-Identifier: Apache-2.0

/// A server as it was at one moment, in plain copies that are consistent with each other.
public struct ServerSnapshot: Sendable {
    /// Clients accepted since the server started, including refused clients: always `active + ended`.
    public internal(set) var accepted: UInt64 = 0
    /// The connected clients.
    public internal(set) var clients: [ClientSnapshot] = []
    /// How many clients have ended, by ``EndReason/code``.
    public internal(set) var endedByReason: [String: UInt64] = [:]
    /// Bytes that handlers read from all clients, connected and ended.
    public internal(set) var bytesIn: UInt64 = 0
    /// Bytes that handlers wrote to all clients, connected and ended.
    public internal(set) var bytesOut: UInt64 = 0
    /// The limit on clients in force: that of the server, or what the machine has resources for if that is less.
    public internal(set) var clientLimit = 0
    /// Failures of accept(2) and of the creation of threads, by the name of the errno.
    public internal(set) var acceptFailures: [String: UInt64] = [:]
    /// The phase of the server.
    public internal(set) var phase = ServerPhase.idle

    /// The number of connected clients.
    public var active: UInt64 { UInt64(clients.count) }
    /// The number of ended clients.
    public var ended: UInt64 { endedByReason.values.reduce(0, +) }
}

/// A connected client.
public struct ClientSnapshot: Hashable, Sendable {
    /// The client's number.
    public let id: ClientID
    /// The client's address.
    public let peer: SocketAddress
    /// Bytes that the handler read from it so far.
    public let bytesIn: UInt64
    /// Bytes that the handler wrote to it so far.
    public let bytesOut: UInt64
    /// The time since it was accepted.
    public let age: Duration
}

/// The phases of a server, in order; it may pause and resume while it runs.
@nonexhaustive
public enum ServerPhase: String, Sendable {
    /// It listens and does not run yet: new connections wait in the backlog.
    case idle
    /// It accepts clients.
    case running
    /// It serves connected clients; new connections wait in the backlog.
    case paused
    /// It serves connected clients and those in the backlog, and then ends.
    case draining
    /// All clients have ended.
    case ended
}
