// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// Which direction of a connection ends.
package enum Direction: Sendable {
    case sending
    case both

    var flag: CInt { CInt(self == .sending ? SHUT_WR : SHUT_RDWR) }
}

/// What one `recv` brought.
package enum Received: Sendable {
    case bytes(Int)
    case endOfStream
    /// Nothing came within the receive timeout of the socket.
    case nothing
}

/// What one `send` took: it may be less than was offered.
package enum Sent: Sendable {
    case bytes(Int)
    /// There was no room within the socket's send timeout.
    case nothing
}

/// The calls on a socket's number; who may make them when is decided by the owner of the number.
package enum SocketCall {
    @inline(__always)
    static func receive(
        _ number: CInt, _ room: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Received {
        do {
            let count = try systemCall { recv(number, room.baseAddress, room.count, 0) }
            return count == 0 ? .endOfStream : .bytes(count)
        } catch  where error == .wouldBlock {
            return .nothing
        }
    }

    @inline(__always)
    static func send(_ number: CInt, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Sent {
        do {
            return .bytes(
                try systemCall { Glibc.send(number, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL)) })
        } catch  where error == .wouldBlock {
            return .nothing
        }
    }

    /// Throws away what has arrived, without copying it, and without waiting for more.
    static func discard(_ number: CInt, atMost count: Int) throws(Errno) -> Received {
        do {
            let flags = CInt(MSG_TRUNC) | CInt(MSG_DONTWAIT)
            let gone = try systemCall { recv(number, nil, count, flags) }
            return gone == 0 ? .endOfStream : .bytes(gone)
        } catch  where error == .wouldBlock {
            return .nothing
        }
    }

    static func set<Value>(_ number: CInt, _ level: CInt, _ option: CInt, _ value: Value) throws(Errno) {
        try withUnsafePointer(to: value) { (pointer) throws(Errno) in
            let length = socklen_t(MemoryLayout<Value>.size)
            _ = try systemCall { setsockopt(number, level, option, pointer, length) }
        }
    }

    /// The error that waits in the socket; it is taken from it.
    static func takeError(_ number: CInt) -> Errno? {
        let code = nitka_take_error(number)
        return code == 0 ? nil : Errno(code)
    }

    package static func localAddress(_ number: CInt) throws(Errno) -> RawAddress? {
        try RawAddress.filled { (pointer, length) throws(Errno) in
            _ = try systemCall { getsockname(number, pointer, length) }
        }
    }
}
