// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel

/// `threads`: a new kernel thread for each client, named after it, which serves it and ends.
struct ThreadPerClient: ClientCarrier {
    private let chain: ThreadChain

    init(stackBytes: Int) { chain = ThreadChain(stacks: StackArena(stackBytes: stackBytes)) }

    func carry(_ client: Client, _ serve: @escaping @Sendable (Client) -> Void) throws(Errno) {
        try chain.start(named: "client-\(client.id)") { serve(client) }
    }

    func waitForAll(until deadline: MonotonicTime?) -> Bool { chain.join(until: deadline) }
}
