// SPDX-License-Identifier: Apache-2.0

/// What the tokens of an event loop mean. A token names a slot and the slot's generation: an event of a descriptor that
/// was closed meanwhile finds nothing, also when the slot is used again.
struct RegistrationTable {
    enum Content {
        case free
        case connection(Registration)
        /// The loop's own, called on its thread.
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

    subscript(token: UInt64) -> Content { index(of: token).map { slots[$0].content } ?? .free }

    var registrations: [Registration] {
        slots.compactMap { if case .connection(let registration) = $0.content { registration } else { nil } }
    }

    private func index(of token: UInt64) -> Int? {
        let index = Int(token & 0xffff_ffff)
        return index < slots.count && slots[index].generation == UInt32(token >> 32) ? index : nil
    }
}
