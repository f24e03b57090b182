// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// What the tokens of an event loop stand for. A token names its slot and the slot's generation: an event for a
/// descriptor that was closed meanwhile finds nobody, also when its slot is taken again.
struct LoopSlots {
    /// What the report of an event will touch: asked for beforehand, see ``NitkaSystem/Known``.
    struct Near {
        let watch: Known<Watch>
        let connection: Known<AsyncConnection>
        var partner: Known<AnyObject>?
    }

    enum Content {
        case free
        case watch(Watch)
        /// Something that the loop itself looks after, on its thread.
        case signal(() -> Void)
    }

    private struct Slot {
        var generation: UInt32 = 0
        var content = Content.free
        var near: Near?
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []

    mutating func insert(_ content: Content, near: Near? = nil) -> UInt64 {
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = UInt32(slots.count)
            slots.append(Slot())
        }
        slots[Int(index)].content = content
        slots[Int(index)].near = near
        return UInt64(slots[Int(index)].generation) << 32 | UInt64(index)
    }

    mutating func remove(_ token: UInt64) {
        guard let index = index(of: token) else { return }
        slots[index].content = .free
        slots[index].near = nil
        slots[index].generation &+= 1
        free.append(UInt32(index))
    }

    subscript(token: UInt64) -> Content {
        index(of: token).map { slots[$0].content } ?? .free
    }

    func bringNear(_ token: UInt64) {
        guard let index = index(of: token), let near = slots[index].near else { return }
        near.watch.bringNear()
        near.connection.bringNear()
        near.partner?.bringNear()
    }

    /// From now on this object is asked for, too; nil for no other.
    mutating func setPartner(_ partner: AnyObject?, of token: UInt64) {
        if let index = index(of: token) { slots[index].near?.partner = partner.map { Known($0) } }
    }

    var watches: [Watch] {
        slots.compactMap { if case .watch(let watch) = $0.content { watch } else { nil } }
    }

    private func index(of token: UInt64) -> Int? {
        let index = Int(token & 0xffff_ffff)
        return index < slots.count && slots[index].generation == UInt32(token >> 32) ? index : nil
    }
}
