// SPDX-License-Identifier: Apache-2.0

package import NitkaSystem

/// Sockets that listen on all addresses of an endpoint, on the same port.
public final class Listener: Sendable {
    /// The addresses that it listens on, with the real port.
    public let addresses: [SocketAddress]

    /// The addresses of the name that this machine lacks, with the reason; the listener uses the others.
    public let skipped: [String]

    package let sockets: [ListeningSocket]

    /// Listens on every address of the endpoint.
    ///
    /// Blocks while a name is looked up. Clients can connect from now on. When the listener is released, the kernel
    /// resets the clients that were not accepted.
    ///
    /// - Parameters:
    ///   - endpoint: port 0 takes a free port, the same for all addresses.
    ///   - backlog: how many connections may wait to be accepted, see listen(2); the system may lower it
    ///     (`net.core.somaxconn`).
    /// - Throws: ``NitkaError`` when the port is in use or privileged, or the address is not one of this machine.
    public init(on endpoint: Endpoint, backlog: Int = 1024) throws(NitkaError) {
        let options = SocketOptions(slice: Connection.slice)
        let addresses = try endpoint.resolved()
        let backlog = Int32(clamping: backlog)
        // A port that is free on one address may be in use on the next: try a few ports.
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
                // A name may have addresses that this machine lacks today (`::1` without IPv6): listen on the others.
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

/// One listening socket. Only the accept loop uses it; it closes when the listener is released.
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
    /// Waits for the next client and accepts it. ``Server`` does more: it has limits, records and a drain.
    ///
    /// Blocks the calling thread; 1 thread at a time may call it.
    ///
    /// - Throws: ``NitkaError`` of accept(2); after most of them the listener still works.
    @available(*, noasync, message: "Listener blocks its thread; async code uses Server.runTasks")
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
