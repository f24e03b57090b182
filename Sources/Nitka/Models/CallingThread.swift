// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// `iterative`: the accepting thread serves the client itself, and accepts the next one after it.
struct CallingThread: ClientCarrier {
    func carry(_ client: Client, _ serve: @escaping @Sendable (Client) -> Void) throws(Errno) { serve(client) }

    func thread(of client: Client) -> ThreadName { .current }

    func waitForAll(until deadline: MonotonicTime?) -> Bool { true }
}
