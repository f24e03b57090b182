// SPDX-License-Identifier: Apache-2.0

/// Whether a relay copies through memory or splices through a pipe: a pure value.
///
/// Gain: CPU per MB of 8 streams is about half of that of copying (`Benchmarks/run.py --only bulk`). A pipe pays for bulk
/// only, and how much one receive brings tells bulk from messages.
enum ForwardMode: Hashable {
    /// Through user memory; this many reads in a row have filled the buffer.
    case copy(fullReads: Int)
    /// Through a pipe; this many splices in a row have brought little.
    case splice(smallSplices: Int)

    /// This many full reads in a row are bulk.
    static let mostFullReads = 4
    /// This many splices in a row that bring less than `fewBytes` are messages.
    static let mostSmallSplices = 16
    static let fewBytes = 16 * 1024

    static let start = ForwardMode.copy(fullReads: 0)

    var splices: Bool { if case .splice = self { true } else { false } }

    /// A read with this capacity brought this many bytes.
    mutating func copied(_ count: Int, capacity: Int) {
        guard case .copy(let fullReads) = self else { return }
        let next = count >= capacity ? fullReads + 1 : 0
        self = next < Self.mostFullReads ? .copy(fullReads: next) : .splice(smallSplices: 0)
    }

    /// A splice brought this many bytes.
    mutating func spliced(_ count: Int) {
        guard case .splice(let smallSplices) = self else { return }
        let next = count < Self.fewBytes ? smallSplices + 1 : 0
        self = next < Self.mostSmallSplices ? .splice(smallSplices: next) : .start
    }

    /// There is no pipe, or the kernel refuses to splice.
    mutating func spliceFailed() { self = .start }
}
