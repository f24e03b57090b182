// SPDX-License-Identifier: Apache-2.0

/// Moments at which to look after something, the earliest first: a binary heap.
///
/// An alarm is never moved. A client that talks puts its deadline off with every message, so the deadline itself is
/// looked at when the alarm goes off, and a new alarm is set if it was too early: one heap operation an idle time, and
/// none a message.
struct Alarms {
    struct Alarm: Hashable {
        let moment: Int64
        let token: UInt64
    }

    private var heap: [Alarm] = []

    var earliest: Int64? { heap.first?.moment }

    mutating func set(_ moment: Int64, for token: UInt64) {
        heap.append(Alarm(moment: moment, token: token))
        var child = heap.count - 1
        while child > 0, heap[child].moment < heap[(child - 1) / 2].moment {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes out the earliest, if its moment has come.
    mutating func next(at now: Int64) -> Alarm? {
        guard let first = heap.first, first.moment <= now else { return nil }
        let last = heap.removeLast()
        if heap.isEmpty { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].moment < heap[least].moment { least = child }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
