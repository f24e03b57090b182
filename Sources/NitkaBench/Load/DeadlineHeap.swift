// SPDX-License-Identifier: Apache-2.0

/// The deadline of each client: a binary heap with at most one entry per client.
///
/// A client moves its deadline later with every message. Its entry then stays where it is, and is corrected when it
/// becomes the earliest: one sift per expired entry, and none per message.
struct DeadlineHeap {
    private struct Slot {
        var deadline = Int64.max
        /// The moment of the entry: the deadline or earlier.
        var entry = Int64.max
        /// The entry's index in the heap; -1 without one.
        var index = -1
    }

    private var slots: [Slot] = []
    private var heap: [(moment: Int64, client: Int)] = []

    /// No deadline is earlier; `.max` without any. A deadline that was moved later may leave an earlier moment here.
    var earliest: Int64 { heap.first?.moment ?? .max }

    /// - Parameter moment: `.max` for no deadline.
    mutating func set(_ moment: Int64, for client: Int) {
        while slots.count <= client { slots.append(Slot()) }
        slots[client].deadline = moment
        guard moment < slots[client].entry else { return }
        slots[client].entry = moment
        let index = slots[client].index
        if index < 0 {
            heap.append((moment, client))
            siftUp(heap.count - 1)
        } else {
            heap[index].moment = moment
            siftUp(index)
        }
    }

    /// Removes the deadline of a client that has reached it; nil if there is none.
    mutating func popDue(at now: Int64) -> Int? {
        while let first = heap.first, first.moment <= now {
            let deadline = slots[first.client].deadline
            if deadline > now, deadline < .max {
                slots[first.client].entry = deadline
                heap[0].moment = deadline
                siftDown()
                continue
            }
            removeFirst()
            if deadline <= now { return first.client }
        }
        return nil
    }

    private mutating func removeFirst() {
        slots[heap[0].client] = Slot()
        let last = heap.removeLast()
        if heap.isEmpty { return }
        heap[0] = last
        siftDown()
    }

    private mutating func siftUp(_ start: Int) {
        let entry = heap[start]
        var index = start
        while index > 0, entry.moment < heap[(index - 1) / 2].moment {
            place(heap[(index - 1) / 2], at: index)
            index = (index - 1) / 2
        }
        place(entry, at: index)
    }

    private mutating func siftDown() {
        let entry = heap[0]
        var index = 0
        while true {
            var child = 2 * index + 1
            if child + 1 < heap.count, heap[child + 1].moment < heap[child].moment { child += 1 }
            guard child < heap.count, heap[child].moment < entry.moment else { break }
            place(heap[child], at: index)
            index = child
        }
        place(entry, at: index)
    }

    private mutating func place(_ entry: (moment: Int64, client: Int), at index: Int) {
        heap[index] = entry
        slots[entry.client].index = index
    }
}
