// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A file descriptor with one owner, which closes it.
package struct Descriptor: ~Copyable, Sendable {
    package let number: CInt

    package init(owning number: CInt) { self.number = number }

    deinit { _ = Glibc.close(number) }

    /// Hands over the number together with the duty to close it.
    package consuming func release() -> CInt {
        let number = self.number
        discard self
        return number
    }
}

/// Uninitialized memory of a fixed size. A page takes memory only once it is written to.
package struct ByteBlock: ~Copyable, @unchecked Sendable {
    // Unchecked: the memory has this one owner.
    let bytes: UnsafeMutableRawBufferPointer

    package init(count: Int) { bytes = .allocate(byteCount: count, alignment: 64) }

    deinit { bytes.deallocate() }

    /// Calls `body` with the first bytes, which the caller has received into the block.
    ///
    /// Not generic: a generic function of another module would cost more than the receive before it.
    package borrowing func withPrefix(_ count: Int, _ body: (RawSpan) -> Void) {
        body(UnsafeRawBufferPointer(rebasing: bytes[..<count]).bytes)
    }

    /// Calls `body`, which writes the first bytes.
    package borrowing func fillPrefix(_ count: Int, _ body: (inout MutableRawSpan) -> Void) {
        var span = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]).mutableBytes
        body(&span)
    }

    /// The first bytes as an array.
    package borrowing func array(_ count: Int) -> [UInt8] { [UInt8](bytes[..<count]) }
}

/// The descriptors 0, 1 and 2. They are never closed, so they have no owner.
package enum StandardStream: CInt, Sendable {
    case input = 0
    case output = 1
    case error = 2

    package var isTerminal: Bool { isatty(rawValue) == 1 }

    /// The width of the terminal; nil if the stream is no terminal, or does not know its width.
    package var columns: Int? {
        var size = winsize()
        guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Opens `/dev/null` as each standard stream that is closed. Call it before the program opens a descriptor.
    ///
    /// Otherwise a socket would get the free number, and text for the terminal would be sent to a peer.
    package static func openMissing() {
        // open(2) returns the lowest free number: this one, because the streams before it are open.
        for number in 0...2 as ClosedRange<CInt> where fcntl(number, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
    }

    /// Reads what has arrived, waiting for the first byte; 0 at the end.
    package func readSome(into block: borrowing ByteBlock) throws(Errno) -> Int {
        let space = block.bytes
        return try systemCall { Glibc.read(rawValue, space.baseAddress, space.count) }
    }

    /// Writes all the bytes; it waits also if another process has made the shared descriptor non-blocking.
    package func write(_ bytes: RawSpan) throws(Errno) {
        try bytes.withUnsafeBytes { (bytes) throws(Errno) in
            var rest = bytes[...]
            while !rest.isEmpty {
                do throws(Errno) {
                    let part = UnsafeRawBufferPointer(rebasing: rest)
                    rest = rest.dropFirst(try systemCall { Glibc.write(rawValue, part.baseAddress, part.count) })
                } catch  where error == .wouldBlock {
                    _ = poll(rawValue, for: .writable, orInterruptedBy: -1, until: nil)
                }
            }
        }
    }

    /// Writes the text if the stream has space for it now: for a process that must end although nothing reads its output.
    package func writeIfReady(_ text: String) {
        if poll(rawValue, for: .writable, orInterruptedBy: -1, until: .now) == .ready { try? write(text) }
    }

    package func write(_ text: String) throws(Errno) { try write(Array(text.utf8).span.bytes) }
}

/// Small text files in which the kernel reports its state.
package enum ProcFile {
    /// The whole text; nil if the file does not exist or can't be read.
    package static func text(_ path: String) -> String? {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = Descriptor(owning: number)
        var bytes: [UInt8] = []
        let block = ByteBlock(count: 16 * 1024)
        while true {
            let space = block.bytes
            guard let count = try? systemCall({ read(file.number, space.baseAddress, space.count) }) else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += block.array(count)
        }
    }

    /// The names in a folder, without `.` and `..`; nil if it can't be read.
    package static func names(in folder: String) -> [String]? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
