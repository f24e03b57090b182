// SPDX-License-Identifier: Apache-2.0

/// Timers, the earliest first: a binary heap.
///
/// A timer never moves, although each message moves the deadline of its client. When a timer fires, the loop checks the
/// deadline, and sets a new timer if it is later: 1 heap operation per idle timeout, none per message.
struct TimerHeap {
    struct Timer: Hashable {
        /// In nanoseconds of the monotonic clock.
        let moment: Int64
        let token: UInt64
    }

    private var heap: [Timer] = []

    var count: Int { heap.count }

    /// Removes the timers of tokens that mean nothing any more.
    mutating func removeAll(where isDead: (Timer) -> Bool) {
        heap.removeAll(where: isDead)
        // An ordered array is a heap.
        heap.sort { $0.moment < $1.moment }
    }

    var earliest: Int64? { heap.first?.moment }

    mutating func set(_ moment: Int64, for token: UInt64) {
        heap.append(Timer(moment: moment, token: token))
        var child = heap.count - 1
        while child > 0, heap[child].moment < heap[(child - 1) / 2].moment {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Removes the earliest timer, if its moment has come.
    mutating func next(at now: Int64) -> Timer? {
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
