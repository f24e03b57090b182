// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// `threads`: a new kernel thread, named after the client, runs the handler and ends.
struct ThreadPerClient: Model {
    let serving: Serving
    let handler: @Sendable (Client) throws -> Void
    private let threads: ThreadGroup

    init(_ serving: Serving, stackBytes: Int, _ handler: @escaping @Sendable (Client) throws -> Void) {
        self.serving = serving
        self.handler = handler
        threads = ThreadGroup(stacks: StackArena(stackBytes: stackBytes))
    }

    func start(_ client: Client) throws(Errno) {
        try threads.start(named: "client-\(client.id)") { [serving, handler] in
            serving.serve(client, handler)
        }
    }

    func waitForAll(until deadline: MonotonicTime?) -> Bool { threads.join(until: deadline) }
}
