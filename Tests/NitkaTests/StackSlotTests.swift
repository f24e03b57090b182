// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import NitkaSystem

@Suite struct StackSlotTests {
    private func slots(warmLimit: Int = 2) -> StackSlots {
        var slots = StackSlots(stride: 10, warmLimit: warmLimit)
        slots.add(100..<140)
        return slots
    }

    private func slot(_ address: UInt) -> StackSlot { StackSlot(address: address) }

    @Test("unused slots are taken in order of their addresses") func unusedSlots() {
        var slots = slots()
        for address in stride(from: UInt(100), to: 140, by: 10) {
            #expect(slots.takeUsed() == nil)
            #expect(slots.nextUnused == slot(address))
            slots.takeUnused()
        }
        #expect(slots.nextUnused == nil)
        #expect(slots.taken == 4)
        slots.add(200..<210)
        #expect(slots.nextUnused == slot(200))
    }

    @Test("the slot that was returned last is taken first") func lastInFirstOut() {
        var slots = slots()
        for _ in 0..<2 { slots.takeUnused() }
        #expect(slots.put(slot(100)) == nil)
        #expect(slots.put(slot(110)) == nil)
        #expect(slots.takeUsed() == slot(110))
        #expect(slots.takeUsed() == slot(100))
        #expect(slots.takeUsed() == nil)
        #expect(slots.taken == 2)
    }

    @Test("a slot that gives its pages back can't be taken until they are discarded") func coldSlots() {
        var slots = slots()
        for _ in 0..<3 { slots.takeUnused() }
        _ = slots.put(slot(100))
        _ = slots.put(slot(110))
        #expect(slots.put(slot(120)) == slot(100))
        #expect(slots.taken == 0)
        #expect([slots.takeUsed(), slots.takeUsed(), slots.takeUsed()] == [slot(120), slot(110), nil])
        slots.putCold(slot(100))
        #expect(slots.put(slot(110)) == nil)
        #expect([slots.takeUsed(), slots.takeUsed()] == [slot(110), slot(100)])
    }
}
