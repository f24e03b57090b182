// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// Which direction of a connection ends.
package enum Direction: Sendable {
    case sending
    case both

    var flag: CInt { CInt(self == .sending ? SHUT_WR : SHUT_RDWR) }
}

/// The result of one receive.
package enum Received: Sendable {
    case bytes(Int)
    case endOfStream
    /// Nothing arrived within the socket's receive timeout.
    case nothing
}

/// The result of one send, which may take less than it was given.
package enum Sent: Sendable {
    case bytes(Int)
    /// There was no buffer space within the socket's send timeout.
    case nothing
}

/// A pipe that carries bytes from one socket to another without a copy into user memory, see splice(2). Bytes that are
/// in the pipe when it is released are lost.
package struct Pipe: ~Copyable, Sendable {
    fileprivate let source: Descriptor
    fileprivate let sink: Descriptor

    /// The maximum number of bytes of one splice. The kernel may provide a smaller pipe.
    package static let bytes = 1 << 18
    /// How many descriptors a pipe takes.
    package static let descriptors = 2

    package init() throws(Errno) {
        var ends: InlineArray<2, CInt> = [-1, -1]
        var span = ends.mutableSpan
        try span.withUnsafeMutableBufferPointer { (ends) throws(Errno) in
            _ = try systemCall { nitka_pipe(ends.baseAddress, CInt(Self.bytes)) }
        }
        source = Descriptor(owning: ends[0])
        sink = Descriptor(owning: ends[1])
    }
}

/// The calls on the number of a socket. The owner of the number decides which thread may make them, and when.
package enum SocketCall {
    @inline(__always)
    private static func received(_ call: () -> Int) throws(Errno) -> Received {
        do {
            let count = try systemCall(call)
            return count == 0 ? .endOfStream : .bytes(count)
        } catch  where error == .wouldBlock {
            return .nothing
        }
    }

    @inline(__always)
    private static func sent(_ call: () -> Int) throws(Errno) -> Sent {
        do {
            return .bytes(try systemCall(call))
        } catch  where error == .wouldBlock {
            return .nothing
        }
    }

    @inline(__always)
    static func receive(_ number: CInt, _ space: UnsafeMutableRawBufferPointer) throws(Errno) -> Received {
        try received { recv(number, space.baseAddress, space.count, 0) }
    }

    @inline(__always)
    static func send(_ number: CInt, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Sent {
        try sent { Glibc.send(number, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL)) }
    }

    /// Moves what has arrived into the pipe, which must be empty.
    ///
    /// Before an urgent byte (MSG_OOB), splice(2) reports the end of the stream or no data, although bytes are there. Only
    /// recv(2) knows.
    ///
    /// - Throws: EINVAL when there are bytes that splice(2) does not move: receive them.
    static func receive(_ number: CInt, into pipe: borrowing Pipe) throws(Errno) -> Received {
        let sink = pipe.sink.number
        // The second attempt is for bytes that arrived after the first one.
        for _ in 0..<2 {
            let spliced = try received { nitka_splice(number, sink, Pipe.bytes) }
            if case .bytes = spliced { return spliced }
            var byte: UInt8 = 0
            let peeked = try received { recv(number, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) }
            guard case .bytes = peeked else { return peeked }
        }
        throw .invalid
    }

    /// Moves `count` bytes out of the pipe, which must hold as many. The thread must block SIGPIPE, because splice(2) has
    /// no MSG_NOSIGNAL.
    static func send(_ number: CInt, _ count: Int, from pipe: borrowing Pipe) throws(Errno) -> Sent {
        let source = pipe.source.number
        return try sent { nitka_splice(source, number, count) }
    }

    /// Discards what has arrived, without a copy, and without waiting for more.
    static func discard(_ number: CInt, atMost count: Int) throws(Errno) -> Received {
        try received { recv(number, nil, count, CInt(MSG_TRUNC) | CInt(MSG_DONTWAIT)) }
    }

    static func set<Value>(_ number: CInt, _ level: CInt, _ option: CInt, _ value: Value) throws(Errno) {
        try withUnsafePointer(to: value) { (pointer) throws(Errno) in
            let length = socklen_t(MemoryLayout<Value>.size)
            _ = try systemCall { setsockopt(number, level, option, pointer, length) }
        }
    }

    /// Takes the pending error out of the socket.
    static func takeError(_ number: CInt) -> Errno? {
        var code: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        if getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length) < 0 { return .last }
        return code == 0 ? nil : Errno(code)
    }

    /// Bytes that were received and not read yet; 0 on failure.
    static func unread(_ number: CInt) -> Int { queued(number, FIONREAD) }

    /// Bytes that the peer has not acknowledged yet (a FIN counts as one); 0 on failure. SIOCOUTQ equals TIOCOUTQ.
    static func unacknowledged(_ number: CInt) -> Int { queued(number, TIOCOUTQ) }

    private static func queued(_ number: CInt, _ request: CInt) -> Int {
        var count: CInt = 0
        return ioctl(number, UInt(request), &count) == 0 ? max(0, Int(count)) : 0
    }

    package static func localAddress(_ number: CInt) throws(Errno) -> RawAddress? {
        try RawAddress.filled { (pointer, length) throws(Errno) in
            _ = try systemCall { getsockname(number, pointer, length) }
        }
    }
}
