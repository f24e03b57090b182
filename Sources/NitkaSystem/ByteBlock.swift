// SPDX-License-Identifier: Apache-2.0

/// Memory of a fixed size that nobody has written to yet: a page of it costs nothing until something arrives there.
package struct ByteBlock: ~Copyable, @unchecked Sendable {
    // Unchecked: the memory has this one owner.
    let bytes: UnsafeMutableRawBufferPointer

    package init(count: Int) { bytes = .allocate(byteCount: count, alignment: 64) }

    deinit { bytes.deallocate() }

    package var count: Int { bytes.count }

    /// The first bytes, of which the caller knows that they were received.
    ///
    /// Not generic: as a generic function of another module it would cost more than the receive it stands beside.
    package borrowing func withPrefix(_ count: Int, _ body: (RawSpan) -> Void) {
        body(UnsafeRawBufferPointer(rebasing: bytes[..<count]).bytes)
    }

    /// Lets `body` write the first bytes.
    package borrowing func fillPrefix(_ count: Int, _ body: (inout MutableRawSpan) -> Void) {
        var span = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]).mutableBytes
        body(&span)
    }

    package borrowing func array(_ count: Int) -> [UInt8] { array(0..<count) }

    package borrowing func array(_ range: Range<Int>) -> [UInt8] { [UInt8](bytes[range]) }
}
