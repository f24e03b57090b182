// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// The model that serves clients with a plain handler: it decides which thread runs the handler of a client.
public enum PlainModel: String, CaseIterable, Sendable {
    // Closed: a plain function either blocks the accepting thread or gets a thread of its own.

    /// The accepting thread itself, one client after another: while it serves one, all others wait in the backlog.
    case iterative
    /// A new kernel thread for each client, which ends with the client.
    case threads
}

/// A model decides which thread or task runs a client's handler; all else is the same for every model.
protocol Model: Sendable {
    associatedtype Admitted: ServedClient

    /// Whether the sockets of accepted clients never block.
    static var isNonblocking: Bool { get }

    /// Makes a client of a socket that was just accepted.
    func makeClient(_ id: ClientID, _ descriptor: consuming Descriptor, _ state: consuming ConnectionState) -> Admitted

    /// Has the client served, from its first event to its record.
    ///
    /// - Throws: when the system has no thread for the client; then it was not served, and the caller still has it.
    func start(_ client: Admitted) throws(Errno)

    /// Waits until the last client's thread or task has ended; false when the deadline passed first.
    func waitForAll(until deadline: MonotonicTime?) -> Bool
}

extension Model where Admitted == Client {
    static var isNonblocking: Bool { false }

    func makeClient(_ id: ClientID, _ descriptor: consuming Descriptor, _ state: consuming ConnectionState) -> Client {
        Client(id: id, connection: Connection(SharedSocket(owning: descriptor), state))
    }
}
