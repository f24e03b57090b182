// SPDX-License-Identifier: Apache-2.0

/// What is known of a client when it has gone.
public struct ClientRecord: Hashable, Sendable {
    /// The client's number in this server: the first is 1.
    public let id: ClientID
    /// The client's address.
    public let peer: SocketAddress
    /// The thread that carried it; nil when it was turned away before it had one.
    public let thread: ThreadName?
    /// Why it ended.
    public let reason: EndReason
    /// Bytes that the handler read from it.
    public let bytesIn: UInt64
    /// Bytes that the handler wrote to it.
    public let bytesOut: UInt64
    /// How long it was there, from `accept` to `close`.
    public let duration: Duration
}

/// A client's number in its server: the first is 1, and none is used twice.
public typealias ClientID = UInt64
