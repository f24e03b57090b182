// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A model for plain handlers: which thread runs the handler of a client.
public enum PlainModel: String, CaseIterable, Sendable {
    // No case will be added: a plain function either blocks the accepting thread or gets a thread of its own.

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

    /// Serves the client on the thread or in the task of the model. Only `iterative` waits until the client has ended.
    ///
    /// - Throws: when the system has no thread for the client; the caller then keeps the client.
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
