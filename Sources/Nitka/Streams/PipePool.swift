// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

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
