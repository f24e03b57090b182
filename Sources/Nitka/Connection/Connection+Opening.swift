// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension Connection {
    /// Connects to the first address of the endpoint that answers.
    ///
    /// Blocks the calling thread: for the look-up of a name, and for each address until it answers or refuses.
    ///
    /// - Parameters:
    ///   - endpoint: where to connect; a name's addresses are tried in the resolver's order.
    ///   - timeout: how long all addresses together may take.
    /// - Throws: ``NitkaError`` of the last address tried.
    public static func open(
        to endpoint: Endpoint, timeout: Duration = .seconds(10)
    ) throws(NitkaError) -> Connection {
        try open(to: endpoint, timeout: timeout, orInterruptedBy: -1)
    }

    /// As ``open(to:timeout:)-(Endpoint,_)``; an attempt that is interrupted has timed out. Looking a name up is not
    /// interrupted.
    ///
    /// - Parameter wake: a descriptor that is readable when nobody wants the connection any more; -1 for none.
    package static func open(
        to endpoint: Endpoint, timeout: Duration, orInterruptedBy wake: Int32
    ) throws(NitkaError) -> Connection {
        let deadline = MonotonicTime.now + timeout
        var failure: NitkaError?
        for address in try endpoint.resolved() {
            do throws(NitkaError) {
                return try open(to: address, until: deadline, orInterruptedBy: wake)
            } catch {
                failure = error
            }
        }
        throw failure ?? NitkaError("connect to", endpoint.description, .words("the name has no address"))
    }

    /// Connects to one address, as ``open(to:timeout:)-(Endpoint,_)``.
    ///
    /// - Throws: ``NitkaError`` when it refuses or does not answer in time.
    public static func open(
        to address: SocketAddress, timeout: Duration = .seconds(10)
    ) throws(NitkaError) -> Connection {
        try open(to: address, until: .now + timeout)
    }

    /// As ``open(to:timeout:)-(SocketAddress,_)``; an attempt that is interrupted has timed out.
    ///
    /// - Parameter wake: a descriptor that is readable when nobody wants the connection any more; -1 for none.
    package static func open(
        to address: SocketAddress, timeout: Duration, orInterruptedBy wake: Int32
    ) throws(NitkaError) -> Connection {
        try open(to: address, until: .now + timeout, orInterruptedBy: wake)
    }

    private static func open(
        to address: SocketAddress, until deadline: MonotonicTime, orInterruptedBy wake: Int32 = -1
    ) throws(NitkaError) -> Connection {
        do throws(Errno) {
            var isConnected = false
            let descriptor = try Descriptor.connecting(to: address.raw, isConnected: &isConnected)
            // One that was made, and reset at once, was made: what comes after belongs to the first read.
            if !isConnected {
                guard case .ready = poll(descriptor.number, for: .writable, orInterruptedBy: wake, until: deadline)
                else {
                    throw Errno.timedOut
                }
                if let failure = descriptor.connectionFailure() { throw failure }
            }
            try SocketOptions(slice: slice).apply(to: descriptor.number)
            try descriptor.makeBlocking()
            return Connection(SharedSocket(owning: descriptor), peer: address, interruption: nil)
        } catch {
            throw NitkaError("connect to", address.description, error == .timedOut ? .timedOut : .system(error))
        }
    }
}
