// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// A client with a small receive buffer.
struct NarrowClient: ~Copyable {
    private let number = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)

    init(port: UInt16) throws {
        var capacity = CInt(4096)
        setsockopt(number, SOL_SOCKET, SO_RCVBUF, &capacity, socklen_t(MemoryLayout<CInt>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(number, $0, size) }
        }
        try #require(code == 0)
    }

    deinit { close(number) }

    /// Receives up to `count` bytes and returns their number; nil at the end of the stream, or after a failure.
    func receive(atMost count: Int) -> Int? {
        let got = withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { buffer in
            recv(number, buffer.baseAddress, buffer.count, 0)
        }
        return got > 0 ? got : nil
    }
}
