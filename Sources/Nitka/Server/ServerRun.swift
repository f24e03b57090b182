// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

// The ways to run a server. Each of them begins, runs the accept loop with a model, waits for the clients, and ends.

extension Server {
    /// Serves every client with a plain handler, which may block, until the server has drained.
    ///
    /// Blocks the calling thread, which accepts the clients.
    ///
    /// - Parameters:
    ///   - model: which thread runs the handler of a client.
    ///   - stackBytes: the stack of a client's thread under `threads`, 65,536 bytes or more. A thread uses only the
    ///     memory that it touches.
    ///     takes only the memory that it touches.
    ///   - handler: serves one client. When it returns, the client gets the end of the stream and is closed. An error that
    ///     it throws ends this client only.
    /// - Returns: the totals, after all clients have ended. If a handler has not returned 1.4 s after the deadline of the
    ///   drain, the call returns then, and the thread of the handler continues.
    /// - Throws: ``NitkaError`` when the server has run before, its listener failed, or the machine lacks resources for
    ///   1 client.
    @discardableResult
    @available(
        *, noasync,
        message: "the blocking form is for the top level and plain functions; async code awaits the async form"
    )
    public func run(
        _ model: PlainModel = .threads, stackBytes: Int = 512 * 1024,
        _ handler: @escaping @Sendable (Client) throws -> Void
    ) throws(NitkaError) -> ServerSnapshot {
        try runBlocking(model, stackBytes: stackBytes, handler)
    }

    /// Serves every client with a plain handler, as the blocking form, and suspends the calling task meanwhile. When the
    /// task is cancelled, the server drains.
    ///
    /// - Throws: as the blocking form.
    @discardableResult
    public nonisolated(nonsending) func run(
        _ model: PlainModel = .threads, stackBytes: Int = 512 * 1024,
        _ handler: @escaping @Sendable (Client) throws -> Void
    ) async throws(NitkaError) -> ServerSnapshot {
        try await drainingWhenCancelled { [self] () throws(NitkaError) in
            try runBlocking(model, stackBytes: stackBytes, handler)
        }
    }

    /// A plain handler does not await.
    ///
    /// - Throws: never; it does not compile.
    @available(*, unavailable, message: "an async handler needs `runTasks`: try await server.runTasks { client in … }")
    @discardableResult
    public func run(_ handler: @escaping @Sendable (Client) async throws -> Void) async throws -> ServerSnapshot {
        throw NitkaError("run", addressText, .words("an async handler needs runTasks"))
    }

    /// Serves every client with an async handler, in a task on one of a few event loops, until the server has drained.
    ///
    /// The handler must suspend where it waits: a handler that blocks its thread stops every client of its loop. Async
    /// functions, `async let`, task groups and sleep return to the loop. `Task {}`, `Task.detached` and the main actor
    /// run on other threads, which may call the client's methods too. When the calling task is cancelled, the server
    /// drains.
    ///
    /// - Parameters:
    ///   - loops: how many event loops, each on its own thread; 1 or more, nil for 1 for every 2 processors that the process
    ///     may use.
    ///   - handler: serves one client. When it returns, the client gets the end of the stream and is closed. An error that
    ///     it throws ends this client only.
    /// - Returns: the totals, after all clients have ended. If a handler has not returned 1.4 s after the deadline of the
    ///   drain, the call returns then.
    /// - Throws: ``NitkaError`` when the server has run before, its listener failed, or the machine lacks resources for
    ///   the event loops or for 1 client.
    @discardableResult
    public nonisolated(nonsending) func runTasks(
        loops: Int? = nil, _ handler: @escaping @Sendable (AsyncClient) async throws -> Void
    ) async throws(NitkaError) -> ServerSnapshot {
        try await drainingWhenCancelled { [self] () throws(NitkaError) in
            try runTasksBlocking(loops: loops, handler)
        }
    }

    /// As ``runTasks(loops:_:)``, but blocks the calling thread.
    package func runTasksBlocking(
        loops count: Int? = nil,
        _ handler: @escaping @Sendable (AsyncClient) async throws -> Void
    ) throws(NitkaError) -> ServerSnapshot {
        let count = max(1, count ?? EventLoops.defaultCount)
        let effective = try begin(hasThreadPerClient: false, descriptors: EventLoop.descriptors * count)
        let loops: EventLoops
        do throws(Errno) {
            loops = try EventLoops(count: count) { (loop) throws(Errno) in
                // The signal is never lowered, but epoll(7) reports it once.
                _ = try loop.add(signal: drainSignal.descriptor) { [unowned loop] in
                    loop.endReaders(afterQuiet: ConnectionState.quietTime)
                }
            }
        } catch {
            end()
            throw NitkaError("make the event loops of", addressText, .system(error))
        }
        // Without a drain, the server failed before it accepted a client, and the loops end at once.
        defer { loops.stop(until: control.withLock { $0.drain?.lastMoment }) }
        return try serve(effective, { TaskPerClient($0, loops, handler) }) {
            LoopAcceptor($0, on: loops.loops[0]).runBlocking()
        }
    }

    private func runBlocking(
        _ model: PlainModel, stackBytes: Int, _ handler: @escaping @Sendable (Client) throws -> Void
    ) throws(NitkaError) -> ServerSnapshot {
        let effective = try begin(hasThreadPerClient: model == .threads, descriptors: 0)
        switch model {
        case .iterative:
            return try serve(effective, { Iterative(serving: $0, handler: handler) }) { $0.runBlocking() }
        case .threads:
            return try serve(effective, { ThreadPerClient($0, stackBytes: stackBytes, handler) }) { $0.runBlocking() }
        }
    }
}

extension Server {
    private func begin(hasThreadPerClient: Bool, descriptors: Int) throws(NitkaError) -> EffectiveLimits {
        let isFirst = control.withLock { control in
            defer { control.hasRun = true }
            return !control.hasRun
        }
        guard isFirst else { throw NitkaError("run", addressText, .words("a server runs once")) }
        do throws(MachineLimit) {
            return try EffectiveLimits(limits, hasThreadPerClient: hasThreadPerClient, descriptors: descriptors)
        } catch {
            end()
            throw NitkaError("serve on", addressText, .words("the machine has resources for \(error)"))
        }
    }

    /// Runs the accept loop with a model, and waits for the clients.
    ///
    /// - Parameter runAcceptLoop: runs the loop until it ends, and consumes it: that closes the listening sockets.
    private func serve<ServingModel: Model>(
        _ effective: EffectiveLimits, _ makeModel: (Serving) -> ServingModel,
        _ runAcceptLoop: (consuming AcceptLoop<ServingModel>) -> NitkaError?
    ) throws(NitkaError) -> ServerSnapshot {
        let drainThread: KernelThread
        do throws(NitkaError) {
            drainThread = try startDrainThread()
        } catch {
            end()
            throw error
        }
        control.update { control in
            control.clientLimit = effective.limits.clients
            if control.phase == .idle { control.phase = .running }
        }
        report(.serving)
        if let limit = effective.lowering { report(.limitLowered(from: limits.clients, to: limit)) }
        let serving = Serving(self, effective)
        let model = makeModel(serving)
        let acceptLoop = AcceptLoop(serving, model)
        // Closing a socket resets the clients in its backlog.
        let sockets = acceptLoop.sockets
        let failure = runAcceptLoop(acceptLoop)
        if control.withLock({ $0.isCuttingOff }) { LateClients(sockets, serving).end() }
        _ = model.waitForAll(until: lastMoment)
        control.update { $0.phase = .ended }
        drainThread.join()
        end()
        if let failure { throw failure }
        return snapshot()
    }

    /// When the server stops waiting for handlers. Waits until there is a drain.
    private var lastMoment: MonotonicTime? { control.wait { $0.drain?.lastMoment } }

    private func end() {
        control.update { $0.phase = .ended }
        observers.finish()
    }

    private nonisolated(nonsending) func drainingWhenCancelled(
        _ run: @escaping @Sendable () throws(NitkaError) -> ServerSnapshot
    ) async throws(NitkaError) -> ServerSnapshot {
        let result: Result<ServerSnapshot, NitkaError> = await withTaskCancellationHandler {
            do throws(NitkaError) {
                return .success(try await onThread(named: "nitka-accept", "serve on", addressText, run))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            drain()
        }
        return try result.get()
    }
}
