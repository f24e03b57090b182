// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// `iterative`: the accepting thread runs the handler itself, and accepts the next client afterwards.
struct Iterative: Model {
    let serving: Serving
    let handler: @Sendable (Client) throws -> Void

    static let isNonblocking = false

    func makeClient(_ id: ClientID, _ descriptor: consuming Descriptor, _ state: consuming ConnectionState) -> Client {
        Client(id: id, connection: Connection(SharedSocket(owning: descriptor), state))
    }

    func start(_ client: Client) { serving.serve(client, handler) }

    func waitForAll(until deadline: MonotonicTime?) -> Bool { true }
}
