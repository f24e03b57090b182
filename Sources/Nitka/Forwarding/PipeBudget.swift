// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// How many pipes a server may have at once: they must not take the descriptors that clients were promised.
final class PipeBudget: Sendable {
    private let left: Atomic<Int>

    /// - Parameter descriptors: how many descriptors the pipes may take together.
    init(descriptors: Int) { left = Atomic(max(0, descriptors) / Pipe.descriptors) }

    /// A pipe, which must come back by ``giveBack(_:)``; nil when none is to be had: bytes then go through user memory.
    func take() -> Pipe? {
        guard left.wrappingSubtract(1, ordering: .relaxed).newValue >= 0, let pipe = try? Pipe() else {
            left.wrappingAdd(1, ordering: .relaxed)
            return nil
        }
        return pipe
    }

    func giveBack(_ pipe: consuming Pipe) {
        _ = consume pipe
        left.wrappingAdd(1, ordering: .relaxed)
    }
}
