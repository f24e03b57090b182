// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// `tasks`: a task on one of a few event loops runs the handler.
struct TaskPerClient: Model {
    let serving: Serving
    let handler: @Sendable (AsyncClient) async throws -> Void
    private let loops: EventLoops
    private let unfinished = Monitor(0)

    static let isNonblocking = true

    init(
        _ serving: Serving, _ loops: EventLoops,
        _ handler: @escaping @Sendable (AsyncClient) async throws -> Void
    ) {
        self.serving = serving
        self.loops = loops
        self.handler = handler
    }

    func makeClient(
        _ id: ClientID, _ descriptor: consuming Descriptor, _ state: consuming ConnectionState
    ) -> AsyncClient {
        AsyncClient(id: id, connection: AsyncConnection(owning: descriptor, loop: loops.next(), state))
    }

    func start(_ client: AsyncClient) {
        unfinished.withLock { $0 += 1 }
        Task(executorPreference: client.connection.loop) { [serving, handler, unfinished] in
            do throws(Errno) {
                try client.connection.attach()
                client.connection.registration.state.ownTask = CurrentTask.id
                await serving.serve(client, handler)
            } catch {
                serving.refuse(client, error)
            }
            unfinished.update { $0 -= 1 }
        }
    }

    func waitForAll(until deadline: MonotonicTime?) -> Bool {
        unfinished.wait(until: deadline) { $0 == 0 ? true : nil } ?? false
    }
}
