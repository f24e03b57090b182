// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

// Sockets before they carry bytes: listening, accepting, connecting.
extension Descriptor {
    private static func tcp(for address: RawAddress, nonblocking: Bool) throws(Errno) -> Descriptor {
        let kind =
            CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | (nonblocking ? CInt(SOCK_NONBLOCK.rawValue) : 0)
        return Descriptor(owning: try systemCall { socket(address.family, kind, 0) })
    }

    /// A listening socket. It never blocks in `accept`; the accepted sockets inherit its options.
    ///
    /// - Parameters:
    ///   - alsoIPv4: accepts IPv4 clients too, at mapped addresses; only for the wildcard `::`.
    ///   - options: set before a client can connect: a socket inherits the options at the end of its handshake, not when
    ///     it is accepted.
    package static func listening(
        on address: RawAddress, backlog: CInt, alsoIPv4: Bool, options: SocketOptions
    ) throws(Errno) -> Descriptor {
        let descriptor = try tcp(for: address, nonblocking: true)
        let number = descriptor.number
        try SocketCall.set(number, SOL_SOCKET, SO_REUSEADDR, 1)
        if case .v6 = address.host { try SocketCall.set(number, CInt(IPPROTO_IPV6), IPV6_V6ONLY, alsoIPv4 ? 0 : 1) }
        try options.apply(to: number)
        try address.withSockaddr { (pointer, length) throws(Errno) in
            _ = try systemCall { bind(number, pointer, length) }
        }
        try systemCall { listen(number, backlog) }
        return descriptor
    }

    /// A socket that is connected, or connecting: then it becomes writable when the attempt succeeds or fails.
    ///
    /// - Parameter local: how the local port is chosen.
    package static func connecting(
        to address: RawAddress, from local: LocalPort = .any, isConnected: inout Bool
    ) throws(Errno) -> Descriptor {
        let descriptor = try tcp(for: address, nonblocking: true)
        let number = descriptor.number
        isConnected = false
        if local != .any { try SocketCall.set(number, SOL_SOCKET, SO_REUSEADDR, CInt(1)) }
        if case .chosen(let local) = local {
            try local.withSockaddr { (pointer, length) throws(Errno) in
                _ = try systemCall { bind(number, pointer, length) }
            }
        }
        do {
            try address.withSockaddr { (pointer, length) throws(Errno) in
                _ = try systemCall { connect(number, pointer, length) }
            }
            isConnected = true
        } catch  where error == .inProgress {}
        return descriptor
    }

    /// Takes the result of a connection attempt out of the socket: a second call returns nil.
    package borrowing func connectionFailure() -> Errno? { SocketCall.takeError(number) }

    package borrowing func makeBlocking() throws(Errno) {
        let number = self.number
        let flags = try systemCall { fcntl(number, F_GETFL) }
        try systemCall { fcntl(number, F_SETFL, flags & ~O_NONBLOCK) }
    }

    /// Takes one client from the backlog. Its address comes from accept(2) itself: getpeername(2) fails for a client that
    /// has reset.
    ///
    /// - Parameter nonblocking: whether the client's socket never blocks.
    package borrowing func accept(nonblocking: Bool = false) throws(Errno) -> Acceptance {
        let number = self.number
        var accepted: CInt = -1
        do {
            let peer = try RawAddress.filled { (pointer, length) throws(Errno) in
                accepted = try systemCall { nitka_accept(number, pointer, length, nonblocking ? 1 : 0) }
            }
            return .client(Descriptor(owning: accepted), peer ?? RawAddress(host: .v4(0), port: 0))
        } catch  where error == .wouldBlock {
            return .none
        }
    }

    /// Answers no new connection from now on; those in the backlog can still be accepted.
    package borrowing func ignoreNewConnections() {
        // Where the system forbids socket filters, new connections still join the backlog and are served.
        _ = nitka_ignore_new_connections(number)
    }
}

/// How the local port of a connection is chosen.
package enum LocalPort: Hashable, Sendable {
    /// By the kernel.
    case any
    /// By the kernel. A later socket may take the port over by ``chosen(_:)`` while this one is in TIME_WAIT.
    case anyReusable
    /// By the caller. The port may be in TIME_WAIT, if it was reusable: then the kernel takes it over, provided that both
    /// peers send timestamps (RFC 6191). connect(2) fails with EADDRNOTAVAIL where a connection still has the port.
    case chosen(RawAddress)
}

/// The result of accept(2).
package enum Acceptance: ~Copyable {
    case client(Descriptor, RawAddress)
    /// The backlog is empty.
    case none
}
