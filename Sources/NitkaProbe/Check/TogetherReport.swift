// SPDX-License-Identifier: Apache-2.0

public import Nitka

/// What ``TogetherCheck`` found.
public struct TogetherReport: Sendable {
    /// The server that was checked.
    public let endpoint: Endpoint
    /// How many clients were to be served at once.
    public let clients: Int
    /// How many could connect.
    public internal(set) var connected = 0
    /// How many were answered while all were connected.
    public internal(set) var servedTogether = 0
    /// The longest time between a client's message and the last byte of its answer.
    public internal(set) var slowestWait: Duration = .zero
    /// Did somebody get an answer only when another had left?
    public internal(set) var clientsWaitForOneAnother = false
    /// What went wrong, a sentence each.
    public internal(set) var problems: [String] = []

    init(endpoint: Endpoint, clients: Int) {
        self.endpoint = endpoint
        self.clients = clients
    }

    /// Were all clients served at once, each with its own bytes and nothing else?
    public var hasPassed: Bool { problems.isEmpty && servedTogether == clients }
}
