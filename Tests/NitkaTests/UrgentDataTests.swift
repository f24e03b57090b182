// SPDX-License-Identifier: Apache-2.0

import Glibc
import Nitka
import NitkaEcho
import NitkaSystem
import Testing

/// An urgent byte (MSG_OOB) stops splice(2) and shortens a receive, although more bytes are there.
@Suite struct UrgentDataTests {
    @Test("an urgent byte after bulk comes back in its place", arguments: ServingModel.allCases)
    func afterBulk(model: ServingModel) throws {
        try withServer(model) { running in
            let client = try RawClient(running.address)
            let block = pattern(1 << 16)
            // Enough full reads that the relay splices.
            for _ in 0..<8 { #expect(try client.exchange(block)) }
            try client.send([33], flags: CInt(MSG_OOB))
            try client.send(Array("after\n".utf8))
            #expect(try client.receive(exactly: 7) == [33] + Array("after\n".utf8))
            for _ in 0..<8 { #expect(try client.exchange(block)) }
            client.closeWrite()
            #expect(try client.receive(exactly: 1) == [])
            try running.expectEnd("peer_finished")
        }
    }

    @Test("urgent bytes between messages come back in their places", arguments: ServingModel.allCases)
    func betweenMessages(model: ServingModel) throws {
        let handlers = Handlers(
            plain: { client in while let bytes = try client.read() { try client.write(bytes) } },
            tasks: { client in while let bytes = try await client.read() { try await client.write(bytes) } })
        for handlers in [Handlers.echo, handlers] {
            try withServer(model, handlers: handlers) { running in
                let client = try RawClient(running.address)
                for index in 0..<200 {
                    let bytes = Array("message \(index)\n".utf8)
                    try client.send(bytes)
                    try client.send([UInt8(index)], flags: CInt(MSG_OOB))
                    try client.send(bytes)
                    #expect(try client.receive(exactly: 2 * bytes.count + 1) == bytes + [UInt8(index)] + bytes)
                }
            }
        }
    }

    @Test("unread urgent data does not keep a graceful close from its end", arguments: ServingModel.allCases)
    func gracefulClose(model: ServingModel) throws {
        let handlers = Handlers(
            plain: { client in
                _ = try client.read()
                try client.write([1, 2, 3])
            },
            tasks: { client in
                _ = try await client.read()
                try await client.write([1, 2, 3])
            })
        try withServer(model, handlers: handlers) { running in
            let client = try RawClient(running.address)
            try client.send([0])
            try client.send([33], flags: CInt(MSG_OOB))
            try client.send(pattern(10_000))
            #expect(try client.receive(exactly: 4) == [1, 2, 3])
        }
    }
}

/// A client that can send urgent data; its calls end after 20 s.
private struct RawClient: ~Copyable {
    private let number: CInt

    init(_ address: SocketAddress) throws {
        number = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var peer = sockaddr_in()
        peer.sin_family = sa_family_t(AF_INET)
        peer.sin_port = address.port.bigEndian
        peer.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: peer) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close(number) }

    func send(_ bytes: [UInt8], flags: CInt = 0) throws {
        try #require(Glibc.send(number, bytes, bytes.count, flags | CInt(MSG_NOSIGNAL)) == bytes.count)
    }

    /// Fewer bytes than that at the end of the stream.
    func receive(exactly count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let more = bytes.withUnsafeMutableBytes { recv(number, $0.baseAddress! + received, count - received, 0) }
            try #require(more >= 0, "receive: errno \(errno) after \(received) bytes")
            if more == 0 { break }
            received += more
        }
        return Array(bytes[..<received])
    }

    func exchange(_ block: [UInt8]) throws -> Bool {
        try send(block)
        return try receive(exactly: block.count) == block
    }

    func closeWrite() { shutdown(number, CInt(SHUT_WR)) }
}
