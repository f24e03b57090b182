// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// `iterative`: the accepting thread runs the handler itself, and accepts the next client afterwards.
struct Iterative: Model {
    let serving: Serving
    let handler: @Sendable (Client) throws -> Void

    func start(_ client: Client) { serving.serve(client, handler) }

    func waitForAll(until deadline: MonotonicTime?) -> Bool { true }
}
