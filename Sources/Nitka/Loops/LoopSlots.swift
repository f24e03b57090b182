// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// What the tokens of an event loop stand for. A token names its slot and the slot's generation: an event for a
/// descriptor that was closed meanwhile finds nobody, also when its slot is taken again.
struct LoopSlots {
    enum Content {
        case free
        case watch(Watch)
        /// Something that the loop itself looks after, on its thread.
        case signal(() -> Void)
    }

    private struct Slot {
        var generation: UInt32 = 0
        var content = Content.free
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []

    mutating func insert(_ content: Content) -> UInt64 {
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = UInt32(slots.count)
            slots.append(Slot())
        }
        slots[Int(index)].content = content
        return UInt64(slots[Int(index)].generation) << 32 | UInt64(index)
    }

    mutating func remove(_ token: UInt64) {
        guard let index = index(of: token) else { return }
        slots[index].content = .free
        slots[index].generation &+= 1
        free.append(UInt32(index))
    }

    subscript(token: UInt64) -> Content {
        index(of: token).map { slots[$0].content } ?? .free
    }

    var watches: [Watch] {
        slots.compactMap { if case .watch(let watch) = $0.content { watch } else { nil } }
    }

    private func index(of token: UInt64) -> Int? {
        let index = Int(token & 0xffff_ffff)
        return index < slots.count && slots[index].generation == UInt32(token >> 32) ? index : nil
    }
}
