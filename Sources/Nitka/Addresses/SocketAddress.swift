// SPDX-License-Identifier: Apache-2.0

package import NitkaSystem

/// A numeric IPv4 or IPv6 address and a port: `127.0.0.1:7007`, `[::1]:7007`.
///
/// An IPv4 address that came wrapped in IPv6 (`::ffff:127.0.0.1`, RFC 4291 section 2.5.5.2) is the IPv4 address: for
/// comparison, for limits, in print.
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

    /// Is it an IPv6 address?
    public var isIPv6: Bool {
        if case .v6 = raw.host { true } else { false }
    }

    /// Is it this machine's own, 127.0.0.0/8 or ::1?
    public var isLoopback: Bool {
        switch raw.host {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low, _): high == 0 && low == 1
        }
    }

    /// `127.0.0.1:7007`, `[::1]:7007`: what ``Endpoint`` parses.
    public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
