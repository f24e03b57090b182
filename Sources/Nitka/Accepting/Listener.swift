// SPDX-License-Identifier: Apache-2.0

package import NitkaSystem

/// Sockets that listen on all addresses of an endpoint, at one port.
public final class Listener: Sendable {
    /// The addresses listened on, with the real port.
    public let addresses: [SocketAddress]

    /// Addresses of the name that this machine does not have, with the reason: the others are listened on.
    public let skipped: [String]

    package let sockets: [ListeningSocket]

    /// Listens on every address of the endpoint.
    ///
    /// Blocks while a name is looked up. From here on the kernel takes clients into its queue; they are reset when the
    /// listener goes before they were accepted.
    ///
    /// - Parameters:
    ///   - endpoint: port 0 takes a free one, the same for all addresses.
    ///   - backlog: how many clients may wait in the kernel's queue; the system may hold it lower
    ///     (`net.core.somaxconn`), see listen(2).
    /// - Throws: ``NitkaError``: the port is in use, privileged, or the address is not one of this machine.
    public init(on endpoint: Endpoint, backlog: Int = 1024) throws(NitkaError) {
        let options = SocketOptions(slice: Connection.slice)
        let addresses = try endpoint.resolved()
        let backlog = Int32(clamping: backlog)
        // A port that is free on one address may be taken on the next: another one is tried, a few times.
        var attempts = endpoint.port == 0 ? 10 : 1
        while true {
            attempts -= 1
            do throws(NitkaError) {
                (sockets, skipped) = try Self.listen(on: addresses, backlog: backlog, options: options)
                break
            } catch {
                if attempts == 0 || error.reason != .system(.addressInUse) { throw error }
            }
        }
        self.addresses = sockets.map(\.address)
    }

    private static func listen(
        on addresses: [SocketAddress], backlog: Int32, options: SocketOptions
    ) throws(NitkaError) -> ([ListeningSocket], skipped: [String]) {
        var sockets: [ListeningSocket] = []
        var skipped: [String] = []
        var failure: NitkaError?
        for address in addresses {
            var wanted = address.raw
            if wanted.port == 0, let first = sockets.first { wanted.port = first.address.port }
            do throws(Errno) {
                sockets.append(
                    try ListeningSocket(
                        on: wanted, backlog: backlog, alsoIPv4: addresses.count == 1, options: options))
            } catch {
                let problem = NitkaError("listen on", SocketAddress(wanted).description, reason(error, wanted.port))
                // A name may have addresses that are not this machine's today (`::1` without IPv6): the rest will do.
                guard [.addressNotAvailable, .familyNotSupported].contains(error) else { throw problem }
                skipped.append(problem.description)
                failure = problem
            }
        }
        if sockets.isEmpty { throw failure ?? NitkaError("listen on", "nothing", .words("the name has no address")) }
        return (sockets, skipped)
    }

    private static func reason(_ errno: Errno, _ port: UInt16) -> NitkaError.Reason {
        errno == .accessDenied && port < 1024
            ? .words("ports under 1024 need privileges; 7007 needs none") : .system(errno)
    }
}

/// One listening socket. Only the accepting thread uses it, and it closes when the listener goes.
package final class ListeningSocket: Sendable {
    package let address: SocketAddress
    package let descriptor: Descriptor

    init(
        on address: RawAddress, backlog: Int32, alsoIPv4: Bool, options: SocketOptions
    ) throws(Errno) {
        let isWildcard = address.host == .v6(high: 0, low: 0, scope: 0)
        let descriptor = try Descriptor.listening(
            on: address, backlog: backlog, alsoIPv4: alsoIPv4 && isWildcard, options: options)
        let bound = try SocketCall.localAddress(descriptor.number)
        self.address = SocketAddress(bound ?? address)
        self.descriptor = descriptor
    }
}

extension Listener {
    /// Takes the next client from the kernel's queue, waiting until there is one.
    ///
    /// Blocks the calling thread; one thread at a time may call it, and no ``Server`` beside it. For who wants to accept
    /// by hand: without limits, records and drain, which ``Server`` has.
    ///
    /// - Throws: ``NitkaError`` of accept(2); after most of them the listener goes on working.
    public func accept() throws(NitkaError) -> Connection {
        let numbers = sockets.map { $0.descriptor.number }
        while true {
            guard let index = poll(numbers, until: nil) else { continue }
            do throws(Errno) {
                if case .client(let descriptor, let peer) = try sockets[index].descriptor.accept() {
                    return Connection(
                        SharedSocket(owning: descriptor), ConnectionState(peer: SocketAddress(peer)))
                }
            } catch {
                throw NitkaError("accept on", addresses[index].description, .system(error))
            }
        }
    }
}
