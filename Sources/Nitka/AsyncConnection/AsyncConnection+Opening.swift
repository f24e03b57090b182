// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension AsyncConnection {
    /// Connects to the first address of the endpoint that answers.
    ///
    /// Suspends the task, which must run on an event loop: the connection belongs to that loop. A name is looked up on
    /// a thread of its own.
    ///
    /// - Parameters:
    ///   - endpoint: where to connect; a name's addresses are tried in the resolver's order.
    ///   - timeout: how long all addresses together may take.
    /// - Throws: ``NitkaError`` of the last address tried; at once from a task that runs on no ``EventLoop``.
    public static nonisolated(nonsending) func open(
        to endpoint: Endpoint, timeout: Duration = .seconds(10)
    ) async throws(NitkaError) -> AsyncConnection {
        let deadline = MonotonicTime.now + timeout
        var failure: NitkaError?
        for address in try await endpoint.lookedUp() {
            do throws(NitkaError) {
                return try await open(to: address, until: deadline)
            } catch {
                failure = error
            }
        }
        throw failure ?? NitkaError("connect to", endpoint.description, .words("the name has no address"))
    }

    /// Connects to one address, as ``open(to:timeout:)-(Endpoint,_)``.
    ///
    /// - Throws: ``NitkaError`` when it refuses or does not answer in time.
    public static nonisolated(nonsending) func open(
        to address: SocketAddress, timeout: Duration = .seconds(10)
    ) async throws(NitkaError) -> AsyncConnection {
        try await open(to: address, until: .now + timeout)
    }

    private static nonisolated(nonsending) func open(
        to address: SocketAddress, until deadline: MonotonicTime
    ) async throws(NitkaError) -> AsyncConnection {
        guard let loop = EventLoop.current else {
            throw NitkaError("connect to", address.description, .words("a task on an event loop is needed"))
        }
        do throws(Errno) {
            var isConnected = false
            let descriptor = try Descriptor.connecting(to: address.raw, isConnected: &isConnected)
            try SocketOptions.applyToLoopClient(descriptor.number)
            let connection = AsyncConnection(
                owning: descriptor, peer: address, loop: loop, interruption: nil, pipes: nil)
            try connection.attach()
            if !isConnected { try await connection.awaitConnected(until: deadline) }
            return connection
        } catch {
            throw NitkaError("connect to", address.description, error == .timedOut ? .timedOut : .system(error))
        }
    }

    /// Waits until the attempt is decided: the socket is writable then, or has failed.
    private nonisolated(nonsending) func awaitConnected(until deadline: MonotonicTime) async throws(Errno) {
        try loop.reportRoom(watch, for: socket.number)
        let outcome = await withUnsafeContinuation { continuation in
            watch.writer.wait(continuation, until: deadline.nanoseconds)
            loop.setAlarm(watch)
        }
        if case .timedOut = outcome { throw .timedOut }
        if let failure = socket.connectionFailure() { throw failure }
    }
}

extension Endpoint {
    /// As ``resolved()``, with a thread of its own where a name has to be looked up: getaddrinfo(3) would stop the loop.
    fileprivate nonisolated(nonsending) func lookedUp() async throws(NitkaError) -> [SocketAddress] {
        if let numeric = RawAddress.Host(numeric: host) {
            return [SocketAddress(RawAddress(host: numeric, port: port))]
        }
        let chain = ThreadChain()
        let result: Result<[SocketAddress], NitkaError> = await withUnsafeContinuation { continuation in
            do throws(Errno) {
                try chain.start(named: "nitka-lookup") {
                    continuation.resume(returning: Result { () throws(NitkaError) in try resolved() })
                }
            } catch {
                continuation.resume(returning: .failure(NitkaError("look up", host, .system(error))))
            }
        }
        _ = chain.join(until: nil)
        return try result.get()
    }
}
