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
        guard Self.isPossible(host) else {
            throw Self.refusal(
                host, "a host is an IPv4 or IPv6 address, or a name of letters, digits, dots and hyphens")
        }
        self.host = host
        self.port = port
    }

    /// Parses `HOST:PORT`, with brackets around an IPv6 address.
    ///
    /// - Throws: ``NitkaError`` that says what is allowed.
    public init(_ text: String) throws(NitkaError) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else {
            throw Self.refusal(text, "write HOST:PORT, as in 127.0.0.1:7007, [::1]:7007 or localhost:7007")
        }
        var host = String(text[..<colon])
        guard let port = Self.port(text[text.utf8.index(after: colon)...]) else {
            throw Self.refusal(text, "a port is a whole number from 0 to 65535")
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard case .v6 = RawAddress.Host(numeric: host) else {
                throw Self.refusal(text, "brackets enclose an IPv6 address, as in [::1]:7007")
            }
        } else if host.utf8.contains(UInt8(ascii: ":")) {
            throw Self.refusal(text, "write an IPv6 address in brackets, as in [::1]:7007")
        }
        try self.init(host: host, port: port)
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
        if let numeric = RawAddress.Host(numeric: host) {
            return [SocketAddress(RawAddress(host: numeric, port: port))]
        }
        do {
            return try lookUp(name: host, port: port).map { SocketAddress($0) }
        } catch {
            throw NitkaError("look up", host, .words(error.words))
        }
    }
}

extension Endpoint {
    /// Accepts digits only, without a sign, a blank, or a leading zero, which means octal in other programs.
    private static func port(_ text: Substring) -> UInt16? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        if text.utf8.count > 1, text.hasPrefix("0") { return nil }
        return UInt16(text)
    }

    /// A name whose last label has only digits is a malformed address (`127.1`, `256.0.0.1`): refused, not looked up.
    private static func isPossible(_ host: String) -> Bool {
        if RawAddress.Host(numeric: host) != nil { return true }
        guard (1...253).contains(host.utf8.count) else { return false }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let meaningful = labels.last == "" ? labels.dropLast() : labels[...]
        guard let last = meaningful.last, !last.utf8.allSatisfy({ (48...57).contains($0) }) else { return false }
        return meaningful.allSatisfy(isLabel)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
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
