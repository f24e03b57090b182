// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// A socket before it carries anything: listening, accepting, connecting.
extension Descriptor {
    /// Makes a TCP socket, closed in children of this process.
    private static func tcp(for address: RawAddress, nonblocking: Bool) throws(Errno) -> Descriptor {
        let kind =
            CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | (nonblocking ? CInt(SOCK_NONBLOCK.rawValue) : 0)
        return Descriptor(owning: try systemCall { socket(address.family, kind, 0) })
    }

    /// A listening socket. It never blocks in `accept`; sockets accepted from it do block, and inherit its options.
    ///
    /// - Parameters:
    ///   - alsoIPv4: for the wildcard `::` alone: IPv4 clients are taken too, at mapped addresses.
    ///   - options: set before anyone can connect: a socket inherits what the listener has when its handshake ends, not
    ///     when it is accepted.
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

    /// A socket that is connected, as over loopback it is at once, or still connecting: writable when it is decided.
    package static func connecting(
        to address: RawAddress, isConnected: inout Bool
    ) throws(Errno) -> Descriptor {
        let descriptor = try tcp(for: address, nonblocking: true)
        let number = descriptor.number
        isConnected = false
        do {
            try address.withSockaddr { (pointer, length) throws(Errno) in
                _ = try systemCall { connect(number, pointer, length) }
            }
            isConnected = true
        } catch  where error == .inProgress {}
        return descriptor
    }

    /// What became of a connection attempt: it is taken from the socket, so it can be asked once.
    package borrowing func connectionFailure() -> Errno? { SocketCall.takeError(number) }

    package borrowing func makeBlocking() throws(Errno) {
        let number = self.number
        let flags = try systemCall { fcntl(number, F_GETFL) }
        try systemCall { fcntl(number, F_SETFL, flags & ~O_NONBLOCK) }
    }

    /// Takes one client from the queue; its address comes with it, since one who has reset already has none to ask for.
    ///
    /// - Parameter nonblocking: the client's socket never blocks.
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

    /// From now on newcomers are not answered, while who waits in the queue can still be accepted.
    package borrowing func ignoreNewConnections() {
        // Where filters are forbidden, newcomers go on joining the queue, and are served like the others.
        _ = nitka_ignore_new_connections(number)
    }
}

/// What `accept` found.
package enum Acceptance: ~Copyable {
    case client(Descriptor, RawAddress)
    /// The backlog is empty.
    case none
}
