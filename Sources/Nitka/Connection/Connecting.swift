// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

// Connecting to a server, in its blocking and its async form.

extension Connection {
    /// Connects to the first address of the endpoint that answers.
    ///
    /// Blocks the calling thread: while a name is looked up, and for each address until it answers or refuses.
    ///
    /// - Parameters:
    ///   - endpoint: where to connect; a name's addresses are tried in the resolver's order.
    ///   - timeout: the time limit of all addresses together.
    /// - Throws: ``NitkaError`` of the last address tried.
    @available(*, noasync, message: "Connection blocks its thread; async code uses AsyncConnection")
    public static func open(to endpoint: Endpoint, timeout: Duration = .seconds(10)) throws(NitkaError) -> Connection {
        try open(to: endpoint, timeout: timeout, orInterruptedBy: -1)
    }

    /// As ``open(to:timeout:)-(Endpoint,_)``. An interrupted attempt throws ``NitkaError/Reason/timedOut``. The look-up
    /// of a name can't be interrupted.
    ///
    /// - Parameter wake: a descriptor that becomes readable when the connection is no longer needed; -1 for none.
    package static func open(
        to endpoint: Endpoint, timeout: Duration, orInterruptedBy wake: Int32
    ) throws(NitkaError) -> Connection {
        let deadline = MonotonicTime.now + timeout
        var failure: NitkaError?
        let addresses = try endpoint.resolved()
        for (index, address) in addresses.enumerated() {
            let attempt = attemptDeadline(until: deadline, addressesLeft: addresses.count - index)
            do throws(NitkaError) {
                return try open(to: address, until: attempt, orInterruptedBy: wake)
            } catch {
                failure = error
            }
        }
        throw failure ?? NitkaError("connect to", endpoint.description, .words("the name has no address"))
    }

    /// Connects to one address, as ``open(to:timeout:)-(Endpoint,_)``.
    ///
    /// - Throws: ``NitkaError`` when the address refuses or does not answer in time.
    @available(*, noasync, message: "Connection blocks its thread; async code uses AsyncConnection")
    public static func open(
        to address: SocketAddress, timeout: Duration = .seconds(10)
    ) throws(NitkaError) -> Connection {
        try open(to: address, until: .now + timeout, orInterruptedBy: -1)
    }

    /// As ``open(to:timeout:orInterruptedBy:)-(Endpoint,_,_)``.
    package static func open(
        to address: SocketAddress, timeout: Duration, orInterruptedBy wake: Int32
    ) throws(NitkaError) -> Connection {
        try open(to: address, until: .now + timeout, orInterruptedBy: wake)
    }

    private static func open(
        to address: SocketAddress, until deadline: MonotonicTime, orInterruptedBy wake: Int32
    ) throws(NitkaError) -> Connection {
        do throws(Errno) {
            var isConnected = false
            let descriptor = try Descriptor.connecting(to: address.raw, isConnected: &isConnected)
            // If connect(2) succeeded at once, ask for no failure: a reset since then concerns the first read.
            if !isConnected {
                let outcome = poll(descriptor.number, for: .writable, orInterruptedBy: wake, until: deadline)
                guard outcome == .ready else { throw Errno.timedOut }
                if let failure = descriptor.connectionFailure() { throw failure }
            }
            try SocketOptions(slice: slice).apply(to: descriptor.number)
            try descriptor.makeBlocking()
            return Connection(SharedSocket(owning: descriptor), ConnectionState(peer: address))
        } catch {
            throw connectFailure(address, error)
        }
    }
}

extension AsyncConnection {
    /// Connects to the first address of the endpoint that answers.
    ///
    /// Suspends the task, which must run on an event loop: the connection belongs to that loop. A name is looked up on a
    /// thread of its own.
    ///
    /// - Parameters:
    ///   - endpoint: where to connect; a name's addresses are tried in the resolver's order.
    ///   - timeout: the time limit of all addresses together.
    /// - Throws: ``NitkaError`` of the last address tried; at once from a task that runs on no ``EventLoop``.
    public static nonisolated(nonsending) func open(
        to endpoint: Endpoint, timeout: Duration = .seconds(10)
    ) async throws(NitkaError) -> AsyncConnection {
        let deadline = MonotonicTime.now + timeout
        var failure: NitkaError?
        let addresses = try await endpoint.lookedUp()
        for (index, address) in addresses.enumerated() {
            let attempt = attemptDeadline(until: deadline, addressesLeft: addresses.count - index)
            do throws(NitkaError) {
                return try await open(to: address, until: attempt)
            } catch {
                failure = error
            }
        }
        throw failure ?? NitkaError("connect to", endpoint.description, .words("the name has no address"))
    }

    /// Connects to one address, as ``open(to:timeout:)-(Endpoint,_)``.
    ///
    /// - Throws: ``NitkaError`` when the address refuses or does not answer in time.
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
            let connection = AsyncConnection(owning: descriptor, loop: loop, ConnectionState(peer: address))
            try connection.attach()
            if !isConnected { try await connection.waitUntilConnected(until: deadline) }
            return connection
        } catch {
            throw connectFailure(address, error)
        }
    }

    /// The socket becomes writable when the attempt has succeeded or failed.
    private nonisolated(nonsending) func waitUntilConnected(until deadline: MonotonicTime) async throws(Errno) {
        try loop.reportSpace(registration, for: socket.number)
        switch await registration.waitToWrite(on: loop, until: deadline) {
        case .ready: break
        case .timedOut: throw .timedOut
        case .cancelled: throw .cancelled
        }
        if let failure = socket.connectionFailure() { throw failure }
    }
}

/// When to give up one address of several: an address that does not answer must leave time for the next one.
private func attemptDeadline(until deadline: MonotonicTime, addressesLeft: Int) -> MonotonicTime {
    let now = MonotonicTime.now
    let share = (deadline - now) / addressesLeft
    return min(deadline, now + max(share, .seconds(2)))
}

private func connectFailure(_ address: SocketAddress, _ errno: Errno) -> NitkaError {
    let reason: NitkaError.Reason =
        switch errno {
        case .timedOut: .timedOut
        case .cancelled: .cancelled
        default: .system(errno)
        }
    return NitkaError("connect to", address.description, reason)
}

extension Endpoint {
    /// As ``resolved()``, but looks up a name on a thread of its own: getaddrinfo(3) would block the loop.
    fileprivate nonisolated(nonsending) func lookedUp() async throws(NitkaError) -> [SocketAddress] {
        if let numeric = RawAddress.Host(numeric: host) {
            return [SocketAddress(RawAddress(host: numeric, port: port))]
        }
        return try await onThread(named: "nitka-lookup", "look up", host) { () throws(NitkaError) in try resolved() }
    }
}
