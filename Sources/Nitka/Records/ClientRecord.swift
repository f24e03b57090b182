// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// What is known of a client that has ended.
public struct ClientRecord: Sendable {
    /// The client's number in this server; the first is 1.
    public let id: ClientID
    /// The client's address.
    public let peer: SocketAddress
    /// The thread that ran its handler; nil for a client that was refused.
    public let thread: ThreadName?
    /// Why it ended.
    public let reason: EndReason
    /// The error that the handler threw; nil when it returned.
    public let error: (any Error)?
    /// How many bytes the handler read from it.
    public let bytesIn: UInt64
    /// How many bytes the handler wrote to it.
    public let bytesOut: UInt64
    /// The time from accept(2) to close(2).
    public let duration: Duration
}

/// A client's number in its server: the first is 1, and no two clients have the same one.
public typealias ClientID = UInt64

/// The kernel thread that runs a client's handler.
public struct ThreadName: Hashable, Sendable, CustomStringConvertible {
    /// The name that `ps -L` shows.
    public let name: String
    /// The number that /proc/PID/task lists.
    public let id: Int32

    /// `client-7 (31742)`.
    public var description: String { "\(name) (\(id))" }

    static var current: ThreadName { ThreadName(name: CurrentThread.name, id: CurrentThread.id) }
}
