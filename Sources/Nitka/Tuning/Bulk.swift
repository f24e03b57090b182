// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

// A relay writes the input of one connection to another. Bulk is input that fills the buffer of several reads in a row.
// splice(2) moves bytes between a socket and a pipe inside the kernel, without a copy in user memory. A relay splices
// bulk; without this file, it copies everything.
//
// Gain: with 8 streams, a MB costs about half the CPU of copying (`Benchmarks/run.py --only bulk`, 2026-11-26).

/// Whether a relay copies or splices: a pure value. The size of its reads tells bulk from messages.
enum ForwardMode: Hashable {
    /// Copy; this many reads in a row have filled the buffer.
    case copy(fullReads: Int)
    /// Splice; this many splices in a row have moved fewer than `fewBytes`.
    case splice(smallSplices: Int)

    /// After this many full reads in a row, splice.
    static let mostFullReads = 4
    /// After this many splices in a row of fewer than `fewBytes`, copy.
    static let mostSmallSplices = 16
    static let fewBytes = 16 * 1024

    static let start = ForwardMode.copy(fullReads: 0)

    var splices: Bool { if case .splice = self { true } else { false } }

    mutating func copied(_ count: Int, capacity: Int) {
        guard case .copy(let fullReads) = self else { return }
        let next = count >= capacity ? fullReads + 1 : 0
        self = next < Self.mostFullReads ? .copy(fullReads: next) : .splice(smallSplices: 0)
    }

    mutating func spliced(_ count: Int) {
        guard case .splice(let smallSplices) = self else { return }
        let next = count < Self.fewBytes ? smallSplices + 1 : 0
        self = next < Self.mostSmallSplices ? .splice(smallSplices: next) : .start
    }

    /// There is no pipe, or the kernel refuses to splice.
    mutating func spliceFailed() { self = .start }
}

/// The pipes of one server. Their number is limited, because clients need the descriptors.
final class PipePool: Sendable {
    /// For relays between connections of which no server knows.
    static let outsideServers = PipePool(descriptors: 64)

    private let left: Atomic<Int>

    /// - Parameter descriptors: how many descriptors the pipes may take together.
    init(descriptors: Int) { left = Atomic(max(0, descriptors) / Pipe.descriptors) }

    /// Takes a pipe, which returns to the pool when it is released; nil when there is none.
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

/// Whether a relay of bulk waits for more input before it splices: a pure value.
///
/// Gain: to wake up for each piece of about 100 kB costs a fifth of the CPU of a stream. The wait is in vain if the
/// sender pauses for an answer: after each vain wait, the relay splices 4 times as often before it waits again.
struct BulkGathering: Hashable {
    /// How many bytes to wait for: 3 pieces as the kernel joins them. A larger number costs less CPU per MB, but the
    /// throughput falls, because the bytes leave the nearer caches of the processor.
    static let bytes = 3 * 65_000
    /// The longest wait.
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

    /// Called after a wait that found this many bytes; 0 at the end of the stream, which the relay has to read too.
    mutating func found(_ bytes: Int) { known = max(1, bytes) }

    mutating func took(_ bytes: Int) { known -= bytes }

    /// Called after a wait in vain, or when the server drains.
    mutating func gaveUp() {
        isOn = false
        pause = min(pause * 4, 1 << 20)
        splicesLeft = pause
        known = 0
    }
}
