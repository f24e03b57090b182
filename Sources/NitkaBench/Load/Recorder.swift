// SPDX-License-Identifier: Apache-2.0

internal import Histogram

/// What the clients of one worker count. Only the worker's thread touches it.
final class Recorder {
    /// A message counts if it is due in this window; none counts before the window is set.
    var window = Window.none
    /// In a closed loop a message is due when it is sent, so both times are recorded once.
    let isOpenLoop: Bool

    private var second = Tally()

    struct Window: Hashable {
        var begin: Int64
        var end: Int64

        static let none = Window(begin: .max, end: .max)
    }

    init(isOpenLoop: Bool) { self.isOpenLoop = isOpenLoop }

    func counts(_ due: Int64) -> Bool { due >= window.begin && due < window.end }

    /// Counts a message whose echo is complete.
    @inline(__always)
    func echo(_ message: MessageQueue.Message, at now: Int64, bytes: Int) {
        if isOpenLoop, message.due > .min, counts(now) { second.returned &+= 1 }
        guard counts(message.due) else { return }
        second.echoes &+= 1
        second.bytes &+= UInt64(bytes)
        second.latency.record(UInt64(max(0, now &- message.due)))
        if isOpenLoop { second.service.record(UInt64(max(0, now &- message.sent))) }
    }

    /// Counts a message of a schedule that is sent now.
    ///
    /// - Parameter lag: how late the generator itself is, in nanoseconds.
    func began(due: Int64, at now: Int64, lag: Int64) {
        guard counts(due) else { return }
        if now < window.end { second.begunInTime &+= 1 }
        second.lag.record(UInt64(max(0, lag)))
    }

    /// Records the time of a part of a visit.
    func part(_ index: Int, _ nanoseconds: Int64) {
        while second.parts.count <= index { second.parts.append(BenchOutcome.histogram()) }
        second.parts[index].record(UInt64(max(0, nanoseconds)))
    }

    func failed(_ kind: String, times: UInt64 = 1) { second.errors[kind, default: 0] += times }

    func mismatch(_ description: String) {
        second.mismatches += 1
        second.firstMismatch = second.firstMismatch ?? description
    }

    /// Returns what was counted since the last call, and continues with a fresh tally. To add histograms or to make them
    /// here would delay the next echo of every client.
    func exchange(_ fresh: FreshTally) -> Tally {
        let past = second
        second = fresh.take()
        return past
    }
}

/// A tally that moves from one thread to another. A shared histogram would be copied on the next record.
final class FreshTally: @unchecked Sendable {
    // Unchecked: only the receiving thread takes it.
    private var tally: Tally? = Tally()

    func take() -> Tally { tally.take() ?? Tally() }
}

/// Counts and times of one interval.
struct Tally: Sendable {
    var echoes: UInt64 = 0
    /// Messages of a schedule that were sent before counting ended: the rate is computed from them. Echoes would not do,
    /// because the last ones are still in flight then.
    var begunInTime: UInt64 = 0
    /// Echoes of a schedule that came back in the counted time, whenever they were due: what the server achieved.
    var returned: UInt64 = 0
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
        returned += other.returned
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
