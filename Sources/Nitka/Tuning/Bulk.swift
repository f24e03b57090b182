// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

// Bulk goes through a pipe instead of user memory. Without this file, a relay copies everything.
//
// Gain: with 8 streams, a MB costs about half the CPU of copying (`Benchmarks/run.py --only bulk`, 2026-11-26).

/// Whether a relay copies through memory or splices through a pipe: a pure value.
/// A pipe pays for bulk only; how much one receive brings tells bulk from messages.
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

/// The pipes of one server: bounded, so that they never take the descriptors that clients were promised.
final class PipePool: Sendable {
    private let left: Atomic<Int>

    /// - Parameter descriptors: how many descriptors the pipes may take together.
    init(descriptors: Int) { left = Atomic(max(0, descriptors) / Pipe.descriptors) }

    /// A pipe, which returns to the pool when it is released; nil when there is none: bytes then go through user memory.
    func take() -> PooledPipe? {
        guard left.wrappingSubtract(1, ordering: .relaxed).newValue >= 0, let pipe = try? Pipe() else {
            giveBack()
            return nil
        }
        return PooledPipe(pipe: pipe, pool: self)
    }

    fileprivate func giveBack() { left.wrappingAdd(1, ordering: .relaxed) }
}

/// A pipe of a pool, with 1 owner.
struct PooledPipe: ~Copyable {
    let pipe: Pipe
    private let pool: PipePool

    fileprivate init(pipe: consuming Pipe, pool: PipePool) {
        self.pipe = pipe
        self.pool = pool
    }

    deinit { pool.giveBack() }
}

/// Whether a relay of bulk waits until much has arrived before it splices: a pure value.
///
/// Gain: a wake-up for each piece of about 100 kB costs a fifth of all that a stream costs. A sender that never pauses
/// never lets the relay wait in vain. One that sends much and then waits for an answer does, so each vain wait is followed
/// by 4 times as many splices without one.
struct BulkGathering: Hashable {
    /// How much to wait for: 3 pieces as the kernel joins them. With more, a MB costs less and the throughput falls: what
    /// was gathered has left the processor's nearer caches.
    static let bytes = 3 * 65_000
    /// How long to wait at most.
    static let longest = Duration.milliseconds(2)

    enum Step {
        /// Splice at once.
        case splice
        /// Set the socket's low-water mark (SO_RCVLOWAT), and wait.
        case setMarkAndWait
        case wait
    }

    private(set) var isOn = false
    private var pause = 64
    private var splicesLeft = 64
    private var known = 0

    /// What to do before the next splice.
    mutating func next() -> Step {
        if isOn { return known > 0 ? .splice : .wait }
        splicesLeft -= 1
        if splicesLeft > 0 { return .splice }
        isOn = true
        return .setMarkAndWait
    }

    /// This many bytes are there to be read; 0 at the end of the stream, which has to be read too.
    mutating func found(_ bytes: Int) { known = max(1, bytes) }

    mutating func took(_ bytes: Int) { known -= bytes }

    /// Too little arrived in time, or the server drains.
    mutating func gaveUp() {
        isOn = false
        pause = min(pause * 4, 1 << 20)
        splicesLeft = pause
        known = 0
    }
}
