// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension Server {
    /// Serves every client with a plain function, which may block: until the server is told to end, and everybody has
    /// gone.
    ///
    /// The calling thread accepts. A thread that watches the end is made before the first client is accepted, so that
    /// draining works on a machine that gives no more threads.
    ///
    /// - Parameters:
    ///   - model: which thread carries a client.
    ///   - stackBytes: the stack of each client's thread under `threads`; 64 KiB at least. It is address space: memory is
    ///     only what a handler touches of it.
    ///   - handler: what one client gets. When it returns, the client is sent the end of the stream and closed. What
    ///     it throws ends this client alone.
    /// - Returns: the sums when everybody has gone, or when a handler did not return a second after the time to drain:
    ///   then its thread still runs.
    /// - Throws: ``NitkaError`` when the server has run before, its listener failed, or the machine has room for nobody.
    @discardableResult
    public func run(
        _ model: PlainModel = .threads, stackBytes: Int = 512 * 1024,
        _ handler: @escaping @Sendable (Client) throws -> Void
    ) throws(NitkaError) -> ServerSnapshot {
        let terms = try begin(threadEach: model == .threads)
        let carrier: any ClientCarrier =
            switch model {
            case .iterative: CallingThread()
            case .threads: ThreadPerClient(stackBytes: stackBytes)
            }
        let watch = try startWatch()
        tellOfBeginning(terms)
        var loop = AcceptLoop(server: self, terms: terms, carrier: carrier) { [self] client in
            serve(client, by: carrier, limits: terms.limits, handler)
        }
        let failure = loop.run()
        _ = carrier.waitForAll(until: lastMoment())
        return try end(watch, failure)
    }

    /// When nobody is waited for any more: a second after the time to drain. Waits until there is a drain.
    func lastMoment() -> MonotonicTime? { control.wait { $0.drain?.deadline }.map { $0 + .seconds(1) } }

    func end(_ watch: consuming KernelThread, _ failure: NitkaError?) throws(NitkaError) -> ServerSnapshot {
        control.update { $0.phase = .ended }
        watch.join()
        finish()
        if let failure { throw failure }
        return snapshot()
    }

    /// Nothing more happens in it.
    private func finish() {
        control.update { $0.phase = .ended }
        for observer in observers.withLock({ $0.all }) { observer.finish() }
    }

    /// - Parameter descriptors: how many descriptors the model itself opens.
    func begin(threadEach: Bool, descriptors: Int = 0) throws(NitkaError) -> ServingTerms {
        let isFirst = control.withLock { control in
            defer { control.hasRun = true }
            return !control.hasRun
        }
        guard isFirst else { throw NitkaError("run", addressText, .words("a server runs once")) }
        let someStreams = Pipe.descriptors * min(limits.clients, 1024)
        ProcessLimit.descriptors.raise(to: limits.clients + someStreams + 64)
        var effective = limits
        let reading = MachineReading.now()
        if let none = reading.limits(threadEach: threadEach, descriptors: descriptors).first, none.clients == 0 {
            finish()
            throw NitkaError("serve on", addressText, .words("the machine has room for \(none)"))
        }
        let machine = reading.limits(threadEach: threadEach, descriptors: descriptors)
        var concessions: [ServerEvent] = []
        if let tightest = machine.first, tightest.clients < limits.clients {
            effective.clients = max(1, tightest.clients)
            concessions.append(.limitLowered(from: limits.clients, to: tightest))
        }
        control.update { control in
            control.clientLimit = effective.clients
            if control.phase == .idle { control.phase = .running }
        }
        let free = reading.freeDescriptors(beside: effective.clients + descriptors)
        return ServingTerms(
            limits: effective, pipes: PipeBudget(descriptors: free), concessions: concessions)
    }

    /// Tells that it accepts; after this, only who comes can make it fail.
    func tellOfBeginning(_ terms: ServingTerms) {
        tell(.serving)
        for concession in terms.concessions { tell(concession) }
    }

    private var addressText: String { addresses.first?.description ?? "nothing" }

    /// What one client gets, on the thread that carries it, from its first line to its last.
    private func serve(
        _ client: Client, by carrier: any ClientCarrier, limits: Limits, _ handler: (Client) throws -> Void
    ) {
        tellOfClient(.clientCame(id: client.id, peer: client.peer, thread: carrier.thread(of: client)))
        var failure: (any Error)?
        do {
            try handler(client)
        } catch {
            failure = error
        }
        let reason = reason(client, after: failure)
        if reason.endsAtOnce {
            client.connection.close()
        } else {
            client.connection.finish(until: endPatience, discarding: 1 << 20)
        }
        record(client, thread: carrier.thread(of: client), reason: reason, limits: limits)
    }
}
