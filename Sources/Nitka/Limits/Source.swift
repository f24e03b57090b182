// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Where a client comes from, as far as limits care: an IPv4 address, or the first 64 bits of an IPv6 address.
enum Source: Hashable {
    case v4(UInt32)
    case v6Network(UInt64)

    init(_ address: SocketAddress) {
        switch address.raw.host {
        case .v4(let bits): self = .v4(bits)
        case .v6(let high, _, _): self = .v6Network(high)
        }
    }
}
