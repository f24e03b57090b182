// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// An IP address and port: a `sockaddr_in` or `sockaddr_in6` as a plain value.
package struct RawAddress: Hashable, Sendable {
    package enum Host: Hashable, Sendable {
        case v4(UInt32)
        /// The two halves in host byte order; the index of the interface for a link-local address, else 0.
        case v6(high: UInt64, low: UInt64, scope: UInt32)
    }

    package var host: Host
    package var port: UInt16

    package init(host: Host, port: UInt16) {
        self.host = host
        self.port = port
    }

    var family: CInt {
        switch host {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }
}

extension RawAddress {
    /// Passes the address to a call as a `sockaddr`.
    func withSockaddr<Result, Failure: Error>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch host {
        case .v4(let bits):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = bits.bigEndian
            return try Self.rebound(&address, body)
        case .v6(let high, let low, let scope):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_scope_id = scope
            address.sin6_addr = in6_addr(high, low)
            return try Self.rebound(&address, body)
        }
    }

    private static func rebound<Address, Result, Failure: Error>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let length = socklen_t(MemoryLayout<Address>.size)
        return try withUnsafePointer(to: &address) { (pointer) throws(Failure) -> Result in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { (plain) throws(Failure) -> Result in
                try body(plain, length)
            }
        }
    }

    /// Reads a `sockaddr`; nil if its family is neither IPv4 nor IPv6.
    init?(_ storage: UnsafeRawPointer, length: Int) {
        guard length >= MemoryLayout<sa_family_t>.size else { return nil }
        switch CInt(storage.load(as: sa_family_t.self)) {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            let address = storage.load(as: sockaddr_in.self)
            self.init(host: .v4(UInt32(bigEndian: address.sin_addr.s_addr)), port: UInt16(bigEndian: address.sin_port))
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            let address = storage.load(as: sockaddr_in6.self)
            let (high, low) = address.sin6_addr.halves
            self.init(
                host: .v6(high: high, low: low, scope: address.sin6_scope_id),
                port: UInt16(bigEndian: address.sin6_port))
        default:
            return nil
        }
    }

    /// The address that a call writes as a `sockaddr`.
    static func filled(
        by call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) throws(Errno) -> Void
    ) throws(Errno) -> RawAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try withUnsafeMutablePointer(to: &storage) { (pointer) throws(Errno) in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { (plain) throws(Errno) in
                try call(plain, &length)
            }
        }
        return withUnsafePointer(to: &storage) { RawAddress(UnsafeRawPointer($0), length: Int(length)) }
    }
}

/// A numeric address as text: `127.0.0.1`, `::1`, `fe80::1%eth0`.
///
/// Parsing does not depend on the interfaces of this machine; only ``host()`` does.
package struct NumericHost: Hashable, Sendable {
    /// The address, without the index of its interface.
    private let address: RawAddress.Host
    /// The name or the number of the interface, after `%`: an RFC 4007 zone.
    package let zone: String?

    /// Parses a numeric address as inet_pton(3), which rejects the old short and octal forms.
    package init?(_ text: String) {
        guard !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            (address, zone) = (.v4(UInt32(bigEndian: v4.s_addr)), nil)
            return
        }
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, String(parts[0]), &v6) == 1 else { return nil }
        if parts.count == 2, !Self.isInterfaceName(parts[1]) { return nil }
        let (high, low) = v6.halves
        (address, zone) = (.v6(high: high, low: low, scope: 0), parts.count == 2 ? String(parts[1]) : nil)
    }

    /// The address with the index of its interface; nil if this machine does not have the interface now.
    package func host() -> RawAddress.Host? {
        guard let zone, case .v6(let high, let low, _) = address else { return address }
        var index = if_nametoindex(zone)
        if index == 0, zone.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt32(zone) {
            index = RawAddress.Host.hasInterface(number) ? number : 0
        }
        return index == 0 ? nil : .v6(high: high, low: low, scope: index)
    }

    package var isIPv6: Bool {
        if case .v6 = address { true } else { false }
    }

    /// True for an address that is valid only together with an interface, and has none: connect(2) reports EINVAL.
    package var lacksZone: Bool { zone == nil && address.isLinkLocalWithoutScope }

    /// An interface has a name of 1 to 15 bytes. The kernel forbids blanks and `/`; here the name is also safe to print.
    private static func isInterfaceName(_ text: Substring) -> Bool {
        (1...15).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"/%:[]\\".utf8.contains($0) }
    }
}

extension RawAddress.Host {
    /// Parses a numeric address; nil also if this machine does not have the interface that follows `%`.
    package init?(numeric text: String) {
        guard let host = NumericHost(text)?.host() else { return nil }
        self = host
    }

    /// True for an address of fe80::/10 without the index of an interface.
    package var isLinkLocalWithoutScope: Bool {
        if case .v6(let high, _, 0) = self { high >> 54 == 0xfe80 >> 6 } else { false }
    }

    fileprivate static func hasInterface(_ index: UInt32) -> Bool {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { name in
            if_indextoname(index, name.baseAddress!) != nil
        }
    }

    /// The address as inet_ntop(3) writes it; the interface's name follows `%` where the address has a scope.
    package var text: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            let space = socklen_t(text.count)
            switch self {
            case .v4(let bits):
                var address = in_addr(s_addr: bits.bigEndian)
                inet_ntop(AF_INET, &address, text.baseAddress, space)
                return String(cString: text.baseAddress!)
            case .v6(let high, let low, let scope):
                var address = in6_addr(high, low)
                inet_ntop(AF_INET6, &address, text.baseAddress, space)
                return String(cString: text.baseAddress!) + (scope == 0 ? "" : "%" + Self.interfaceName(scope))
            }
        }
    }

    private static func interfaceName(_ index: UInt32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { name in
            if_indextoname(index, name.baseAddress!) == nil ? "\(index)" : String(cString: name.baseAddress!)
        }
    }
}

extension in6_addr {
    fileprivate init(_ high: UInt64, _ low: UInt64) {
        self = unsafeBitCast(SIMD2(high.bigEndian, low.bigEndian), to: in6_addr.self)
    }

    fileprivate var halves: (high: UInt64, low: UInt64) {
        let halves = unsafeBitCast(self, to: SIMD2<UInt64>.self)
        return (UInt64(bigEndian: halves[0]), UInt64(bigEndian: halves[1]))
    }
}
