// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// Plain reading and writing: files, pipes, terminals.
extension Descriptor {
    /// The next bytes, as many as there are and fit; 0 at the end.
    package borrowing func readSome(into block: borrowing ByteBlock) throws(Errno) -> Int {
        let number = self.number
        let room = block.bytes
        return try systemCall { Glibc.read(number, room.baseAddress, room.count) }
    }
}

/// The three descriptors that a program is born with: never closed, so never owned.
package enum StandardStream: CInt, Sendable {
    case input = 0
    case output = 1
    case error = 2

    package var isTerminal: Bool { isatty(rawValue) == 1 }

    /// How wide the terminal is; nil where it is none, or does not say.
    package var columns: Int? {
        let columns = nitka_terminal_columns(rawValue)
        return columns > 0 ? Int(columns) : nil
    }

    /// Makes up for those that were closed before the program began, with `/dev/null`; call it before anything is opened.
    ///
    /// A socket would get the free number, and what is meant for people would go to a peer.
    package static func openMissing() { _ = nitka_open_missing_streams() }

    package func readSome(into block: borrowing ByteBlock) throws(Errno) -> Int {
        let room = block.bytes
        return try systemCall { Glibc.read(rawValue, room.baseAddress, room.count) }
    }

    /// Writes all of it, waiting where the descriptor was made non-blocking by whoever shares it.
    package func write(_ bytes: RawSpan) throws(Errno) {
        try bytes.withUnsafeBytes { (bytes) throws(Errno) in
            var rest = bytes[...]
            while !rest.isEmpty {
                do throws(Errno) {
                    let part = UnsafeRawBufferPointer(rebasing: rest)
                    rest = rest.dropFirst(try systemCall { Glibc.write(rawValue, part.baseAddress, part.count) })
                } catch  where error == .wouldBlock {
                    _ = poll([rawValue], for: .writable, until: nil)
                }
            }
        }
    }

    package func write(_ text: String) throws(Errno) { try write(Array(text.utf8).span.bytes) }
}
