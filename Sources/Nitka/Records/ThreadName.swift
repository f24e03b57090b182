// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// The kernel thread that carried a client.
public struct ThreadName: Hashable, Sendable, CustomStringConvertible {
    /// The name that `ps -L` shows.
    public let name: String
    /// The number that /proc/PID/task lists.
    public let id: Int32

    /// `client-7 (31742)`.
    public var description: String { "\(name) (\(id))" }

    static var current: ThreadName { ThreadName(name: CurrentThread.name, id: CurrentThread.id) }
}
