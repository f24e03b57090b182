// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux

/// Sends through an io_uring(7): many with one call, none of which waits.
///
/// One thread at a time uses it. Each send is over when ``go(_:)`` returns, so that nothing outlives the call: no buffer
/// is the kernel's, no result comes late, and nothing has to be cancelled before a socket is closed.
package final class SendRing: @unchecked Sendable {
    // Unchecked: one thread uses it after another has made it.
    private let sends: OpaquePointer

    /// How many there may be at once.
    package static let most = 32

    /// - Throws: what the kernel refuses it with: it may be too old, or forbid it.
    package init() throws(Errno) {
        guard let sends = nitka_sends_make(UInt32(Self.most)) else { throw .last }
        self.sends = sends
    }

    deinit { nitka_sends_free(sends) }

    /// Makes the sends that were added, of which the last has the number `count - 1`.
    package func go(_ count: Int) { nitka_sends_go(sends, UInt32(count)) }

    /// What became of one; ``Sent/nothing`` also of a number that was not added.
    package func sent(_ number: Int) throws(Errno) -> Sent {
        let result = nitka_sends_result(sends, UInt32(number))
        if result >= 0 { return .bytes(Int(result)) }
        let errno = Errno(-result)
        if errno == .wouldBlock || errno == .interrupted { return .nothing }
        throw errno
    }

    func add(_ number: Int, _ socket: CInt, _ bytes: UnsafeRawBufferPointer) {
        nitka_sends_add(sends, UInt32(number), socket, bytes.baseAddress, UInt32(bytes.count))
    }
}

extension LoopSocket {
    /// Adds the send of bytes of a block, which stays as it is until the ring has gone; of a socket that is closed, nothing.
    package func send(_ block: borrowing ByteBlock, _ range: Range<Int>, by ring: SendRing, number: Int) {
        guard isOpen else { return }
        ring.add(number, self.number, UnsafeRawBufferPointer(rebasing: block.bytes[range]))
    }
}
