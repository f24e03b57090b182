// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux

/// A pipe through which bytes go from one socket to another without passing through this process's memory, see
/// splice(2). What lies in it when it goes is lost.
package struct Pipe: ~Copyable, Sendable {
    let source: Descriptor
    let sink: Descriptor

    /// How many bytes one splice may move at most. The kernel may give a smaller pipe.
    package static let bytes = 1 << 18
    /// How many descriptors it costs.
    package static let descriptors = 2

    package init() throws(Errno) {
        var ends: (CInt, CInt) = (-1, -1)
        try systemCall {
            withUnsafeMutablePointer(to: &ends) { pair in
                pair.withMemoryRebound(to: CInt.self, capacity: 2) { nitka_pipe($0, CInt(Self.bytes)) }
            }
        }
        source = Descriptor(owning: ends.0)
        sink = Descriptor(owning: ends.1)
    }
}

extension SocketCall {
    /// Moves what has come into the pipe, which must be empty.
    static func receive(_ number: CInt, into pipe: borrowing Pipe) throws(Errno) -> Received {
        let sink = pipe.sink.number
        do {
            let count = try systemCall { nitka_splice(number, sink, Pipe.bytes) }
            return count == 0 ? .endOfStream : .bytes(count)
        } catch  where error == .wouldBlock {
            return .nothing
        }
    }

    /// Moves bytes out of the pipe, which holds so many at least.
    ///
    /// The caller's thread must not be ended by SIGPIPE: splice knows no MSG_NOSIGNAL.
    static func send(_ number: CInt, _ count: Int, from pipe: borrowing Pipe) throws(Errno) -> Sent {
        let source = pipe.source.number
        do {
            return .bytes(try systemCall { nitka_splice(source, number, count) })
        } catch  where error == .wouldBlock {
            return .nothing
        }
    }
}
