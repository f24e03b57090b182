// SPDX-License-Identifier: Apache-2.0

internal import Histogram

/// What the clients of one loop have come to: the loop's thread alone touches it.
final class Recorder {
    /// From when to when messages count that are due in between; nothing counts before it is said.
    @exclusivity(unchecked) var window = Window.none
    /// Do due and sent differ? In a closed loop they are the same, and recorded once.
    let isOpenLoop: Bool

    @exclusivity(unchecked) private var second = Tally()

    struct Window: Hashable {
        var begin: Int64
        var end: Int64

        static let none = Window(begin: .max, end: .max)
    }

    init(isOpenLoop: Bool) { self.isOpenLoop = isOpenLoop }

    func counts(_ due: Int64) -> Bool { due >= window.begin && due < window.end }

    /// A message is back, whole.
    @inline(__always)
    func echo(_ message: MessageQueue.Message, at now: Int64, bytes: Int) {
        guard counts(message.due) else { return }
        second.echoes &+= 1
        second.bytes &+= UInt64(bytes)
        second.latency.record(UInt64(max(0, now &- message.due)))
        if isOpenLoop { second.service.record(UInt64(max(0, now &- message.sent))) }
    }

    /// A message of a schedule is sent now; by its own fault the generator is late by so much.
    func began(due: Int64, at now: Int64, lag: Int64) {
        guard counts(due) else { return }
        if now < window.end { second.begunInTime &+= 1 }
        second.lag.record(UInt64(max(0, lag)))
    }

    func part(_ index: Int, _ nanoseconds: Int64) {
        while second.parts.count <= index { second.parts.append(BenchOutcome.histogram()) }
        second.parts[index].record(UInt64(max(0, nanoseconds)))
    }

    func failed(_ kind: String, times: UInt64 = 1) { second.errors[kind, default: 0] += times }

    func mismatch(_ description: String) {
        second.mismatches += 1
        second.firstMismatch = second.firstMismatch ?? description
    }

    /// Hands out what has come since this was last asked, for a fresh one: on the loop it costs a move, since to add
    /// histograms up, or to make them, would be a pause that every client's next echo had to wait out.
    func exchange(_ fresh: FreshTally) -> Tally {
        let past = second
        second = fresh.take()
        return past
    }
}

/// A tally that is handed from one thread to another, and not shared: a histogram that two hold is copied with the next
/// record.
final class FreshTally: @unchecked Sendable {
    // Unchecked: taken once, by the thread that it is handed to.
    private var tally: Tally? = Tally()

    func take() -> Tally { tally.take() ?? Tally() }
}

/// Counts and times of a while.
struct Tally: Sendable {
    var echoes: UInt64 = 0
    /// Messages of a schedule that were sent before counting ended: what the rate was. Echoes would not do: the last of
    /// them are still on their way then.
    var begunInTime: UInt64 = 0
    var bytes: UInt64 = 0
    var errors: [String: UInt64] = [:]
    var mismatches: UInt64 = 0
    var firstMismatch: String?
    var latency = BenchOutcome.histogram()
    var service = BenchOutcome.histogram()
    var lag = BenchOutcome.histogram()
    var parts: [Histogram<UInt64>] = []

    mutating func add(_ other: Tally) {
        echoes += other.echoes
        begunInTime += other.begunInTime
        bytes += other.bytes
        errors.merge(other.errors, uniquingKeysWith: +)
        mismatches += other.mismatches
        firstMismatch = firstMismatch ?? other.firstMismatch
        latency.add(other.latency)
        service.add(other.service)
        lag.add(other.lag)
        for (index, part) in other.parts.enumerated() {
            if index < parts.count { parts[index].add(part) } else { parts.append(part) }
        }
    }
}
