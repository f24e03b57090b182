// SPDX-License-Identifier: Apache-2.0

/// A server as it was at one moment: plain copies, of which the sums agree.
public struct ServerSnapshot: Sendable {
    /// Clients accepted since the server began, those turned away among them: always `active + ended`.
    public internal(set) var accepted: UInt64 = 0
    /// The clients that were there.
    public internal(set) var clients: [ClientSnapshot] = []
    /// How many have gone, by ``EndReason/kind``.
    public internal(set) var endedByReason: [String: UInt64] = [:]
    /// Bytes read from clients, those that have gone and those that were there.
    public internal(set) var bytesIn: UInt64 = 0
    /// Bytes written to clients, those that have gone and those that were there.
    public internal(set) var bytesOut: UInt64 = 0
    /// The most clients at once, as the server holds it: the limit asked for, or what the machine allows.
    public internal(set) var clientLimit = 0
    /// Failures of `accept` and of making threads, by the errno's name.
    public internal(set) var acceptFailures: [String: UInt64] = [:]
    /// What the server does.
    public internal(set) var phase = ServerPhase.idle

    /// How many clients were there.
    public var active: UInt64 { UInt64(clients.count) }
    /// How many have gone.
    public var ended: UInt64 { endedByReason.values.reduce(0, +) }
}

/// A client that is there.
public struct ClientSnapshot: Hashable, Sendable {
    /// The client's number.
    public let id: ClientID
    /// The client's address.
    public let peer: SocketAddress
    /// Bytes that the handler read from it so far.
    public let bytesIn: UInt64
    /// Bytes that the handler wrote to it so far.
    public let bytesOut: UInt64
    /// How long it has been there.
    public let age: Duration
}

/// What a server does.
public enum ServerPhase: String, Sendable {
    /// It has not run yet: the kernel queues who comes.
    case idle
    /// It accepts.
    case running
    /// It serves who is there; the kernel queues who comes.
    case paused
    /// It serves who is there or waits already, and will end.
    case draining
    /// Everybody has gone.
    case ended
}
