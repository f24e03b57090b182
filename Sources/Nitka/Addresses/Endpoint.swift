// SPDX-License-Identifier: Apache-2.0

package import NitkaSystem

/// A host, by name or by numeric address, and a port: `localhost:7007`, `[::1]:7007`, `echo.example.org:7`.
///
/// Parsing is strict and looks up no name. Parsing the description gives an equal endpoint.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The host's name or numeric address, without brackets.
    public let host: String
    /// The port, 0 to 65535. A server that listens on port 0 gets a free port.
    public let port: UInt16

    /// A host and a port.
    ///
    /// - Throws: ``NitkaError`` when the host is neither a numeric address nor a possible name.
    public init(host: String, port: UInt16) throws(NitkaError) {
        if let problem = EndpointText.problem(withHost: host) { throw Self.refusal(host, problem) }
        self.host = host
        self.port = port
    }

    /// Parses `HOST:PORT`, with brackets around an IPv6 address.
    ///
    /// - Throws: ``NitkaError`` that says what is allowed.
    public init(_ text: String) throws(NitkaError) {
        try self.init(text, lowestPort: 0)
    }

    /// As ``init(_:)``.
    ///
    /// - Parameter lowestPort: 1 where port 0 is useless: it takes a free port to listen on.
    package init(_ text: String, lowestPort: UInt16) throws(NitkaError) {
        switch EndpointText.parse(text, lowestPort: lowestPort) {
        case .valid(let host, let port): (self.host, self.port) = (host, port)
        case .refused(let problem): throw Self.refusal(text, problem)
        }
    }

    /// `host:port`, with brackets around an IPv6 address.
    public var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The numeric addresses of the host, in the resolver's order.
    ///
    /// A name is looked up with getaddrinfo(3), which blocks, for seconds where a name server is slow: never call it
    /// on a thread that accepts clients.
    ///
    /// - Throws: ``NitkaError`` when the name is not known.
    public func resolved() throws(NitkaError) -> [SocketAddress] {
        if let numeric = NumericHost(host) {
            guard let found = numeric.host() else {
                throw NitkaError("look up", host, .words("no interface \(numeric.zone ?? "")"))
            }
            return [SocketAddress(RawAddress(host: found, port: port))]
        }
        let addresses: [RawAddress]
        do {
            addresses = try lookUp(name: host, port: port)
        } catch {
            throw NitkaError("look up", host, .words(error.words))
        }
        if let first = addresses.first, addresses.allSatisfy(\.host.isLinkLocalWithoutScope) {
            throw NitkaError("look up", host, .words("its address \(first.host.text) needs an interface, after a %"))
        }
        return addresses.map { SocketAddress($0) }
    }

    private static func refusal(_ text: String, _ allowed: String) -> NitkaError {
        NitkaError("read the address", EscapedText(text).description, .words(allowed))
    }
}

/// A numeric IPv4 or IPv6 address and a port: `127.0.0.1:7007`, `[::1]:7007`.
///
/// An IPv4 address that is mapped into IPv6 (`::ffff:127.0.0.1`, RFC 4291 section 2.5.5.2) is that IPv4 address, in
/// comparisons, limits and descriptions.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    package let raw: RawAddress

    package init(_ raw: RawAddress) {
        if case .v6(0, let low, _) = raw.host, low >> 32 == 0xffff {
            self.raw = RawAddress(host: .v4(UInt32(truncatingIfNeeded: low)), port: raw.port)
        } else {
            self.raw = raw
        }
    }

    /// The port, 0 to 65535.
    public var port: UInt16 { raw.port }

    /// The address without the port and without brackets.
    public var host: String { raw.host.text }

    /// Whether it is an IPv6 address.
    public var isIPv6: Bool {
        if case .v6 = raw.host { true } else { false }
    }

    /// Whether it is a loopback address, 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        switch raw.host {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low, _): high == 0 && low == 1
        }
    }

    /// `127.0.0.1:7007`, `[::1]:7007`: what ``Endpoint`` parses.
    public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
