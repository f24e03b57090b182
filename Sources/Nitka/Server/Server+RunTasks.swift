// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension Server {
    /// Serves every client with a task on one of a few event loops: until the server is told to end, and everybody has
    /// gone.
    ///
    /// The handler must suspend where it waits: one that blocks its thread stops every client of its loop. What it
    /// awaits comes back to the loop: other async functions, `async let`, task groups, sleep, actors without an executor
    /// of their own. `Task {}`, `Task.detached` and the main actor run elsewhere; from there, too, the client's verbs
    /// may be called. When the calling task is cancelled, the server drains.
    ///
    /// - Parameters:
    ///   - loops: how many event loops, each on a thread of its own; nil for one on each processor that this process
    ///     may use.
    ///   - handler: what one client gets. When it returns, the client is sent the end of the stream and closed. What
    ///     it throws ends this client alone.
    /// - Returns: the sums when everybody has gone, or when a handler did not return a second after the time to drain.
    /// - Throws: ``NitkaError`` when the server has run before, its listener failed, or no loop can be made.
    @discardableResult
    public func run(
        loops: Int? = nil, _ handler: @escaping @Sendable (AsyncClient) async throws -> Void
    ) async throws(NitkaError) -> ServerSnapshot {
        let supervisor = ThreadChain()
        let result: Result<ServerSnapshot, NitkaError> = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                do throws(Errno) {
                    try supervisor.start(named: "nitka-tasks") { [self] in
                        continuation.resume(
                            returning: Result { () throws(NitkaError) in
                                try serve(loops: loops, handler)
                            })
                    }
                } catch {
                    continuation.resume(returning: .failure(NitkaError("serve", "tasks", .system(error))))
                }
            }
        } onCancel: {
            drain()
        }
        // It has nothing left to do but to end.
        _ = supervisor.join(until: nil)
        return try result.get()
    }

    /// Serves every client with a task, as the `run` that is awaited, and blocks the calling thread meanwhile: for a
    /// program that is not async.
    ///
    /// It has a name of its own: of two functions that differ in `async` alone, the top level of a `main.swift` takes
    /// the one that blocks.
    ///
    /// - Throws: as there.
    @discardableResult
    @available(*, noasync, message: "await run(loops:_:)")
    public func runBlocking(
        loops: Int? = nil, _ handler: @escaping @Sendable (AsyncClient) async throws -> Void
    ) throws(NitkaError) -> ServerSnapshot {
        try serve(loops: loops, handler)
    }

    private func serve(
        loops count: Int?, _ handler: @escaping @Sendable (AsyncClient) async throws -> Void
    ) throws(NitkaError) -> ServerSnapshot {
        let count = max(1, count ?? CurrentProcess.processorCount)
        let terms = try begin(threadEach: false, descriptors: EventLoop.descriptors * count)
        let watch = try startWatch()
        let loops: EventLoops
        do throws(NitkaError) {
            loops = try makeLoops(count)
        } catch {
            return try end(watch, error)
        }
        let outcome = start(on: loops, terms: terms, handler)
        let deadline = lastMoment()
        let failure = outcome.wait(until: deadline) { $0 }
        loops.stop(until: deadline)
        return try end(watch, failure ?? nil)
    }

    private func makeLoops(_ count: Int) throws(NitkaError) -> EventLoops {
        do throws(Errno) {
            return try EventLoops(count: count) { (loop) throws(Errno) in
                // Raised once and never lowered: reported once.
                _ = try loop.add(signal: interruption.descriptor) { [unowned loop] in
                    loop.endReaders(afterQuiet: Interruption.quietTime)
                }
            }
        } catch {
            throw NitkaError("make the event loops of", addresses[0].description, .system(error))
        }
    }

    /// Starts the task that accepts; the monitor says how it ended when it and every client's task have.
    private func start(
        on loops: EventLoops, terms: ServingTerms, _ handler: @escaping @Sendable (AsyncClient) async throws -> Void
    ) -> Monitor<NitkaError??> {
        let outcome = Monitor<NitkaError??>(nil)
        Task(executorPreference: loops.first) { [self] in
            var failure: NitkaError?
            await withDiscardingTaskGroup { group in
                failure = await AcceptTask(server: self, terms: terms, loops: loops).run { client in
                    group.addTask(executorPreference: client.connection.loop) { [self] in
                        await serve(client, limits: terms.limits, handler)
                    }
                }
            }
            outcome.update { [failure] in $0 = .some(failure) }
        }
        return outcome
    }

    /// What one client gets, on its loop, from its first line to its last.
    private func serve(
        _ client: AsyncClient, limits: Limits, _ handler: (AsyncClient) async throws -> Void
    ) async {
        do throws(Errno) {
            try client.connection.attach()
        } catch {
            client.connection.close()
            return record(client, thread: nil, reason: .noThread(error.description), limits: limits)
        }
        tellOfClient(.clientCame(id: client.id, peer: client.peer, thread: client.connection.loop.thread))
        var failure: (any Error)?
        do {
            try await handler(client)
        } catch {
            failure = error
        }
        await leave(client, limits: limits, failure)
    }

    /// Apart, so that a client's task holds no room for it while the handler runs.
    @inline(never)
    private func leave(_ client: AsyncClient, limits: Limits, _ failure: (any Error)?) async {
        let reason = reason(client, after: failure)
        if reason.endsAtOnce {
            client.connection.close()
        } else {
            await client.connection.finish(until: endPatience, discarding: 1 << 20)
        }
        record(client, thread: client.connection.loop.thread, reason: reason, limits: limits)
    }
}
