// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// `threads`: a new kernel thread for each client, named after it, which serves it and ends.
struct ThreadPerClient: ClientCarrier {
    private let chain: ThreadChain

    init(stackBytes: Int) { chain = ThreadChain(stacks: StackArena(stackBytes: stackBytes)) }

    func carry(_ client: Client, _ serve: @escaping @Sendable (Client) -> Void) throws(Errno) {
        try chain.start(named: "client-\(client.id)") { serve(client) }
    }

    /// Its name is known: the kernel need not be asked.
    func thread(of client: Client) -> ThreadName { ThreadName(name: name(of: client), id: CurrentThread.id) }

    /// 15 bytes are all that the kernel keeps.
    private func name(of client: Client) -> String {
        let name = "client-\(client.id)"
        return name.utf8.count <= 15 ? name : String(name.prefix(15))
    }

    func waitForAll(until deadline: MonotonicTime?) -> Bool { chain.join(until: deadline) }
}
