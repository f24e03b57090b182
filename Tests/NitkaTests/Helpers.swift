// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

struct NotInTime: Error, CustomStringConvertible {
    let description: String
}

/// Checks the condition repeatedly until it holds, for 30 s at most.
func eventually(_ description: String, _ condition: () throws -> Bool) throws {
    let deadline = MonotonicTime.now + .seconds(30)
    while try !condition() {
        if .now > deadline { throw NotInTime(description: "not in time: \(description)") }
        pause(until: .now + .milliseconds(2))
    }
}

/// Blocks the thread: for the interval between two checks, and for a client that reads slowly on purpose.
func pause(until moment: MonotonicTime) {
    _ = Monitor(false).wait(until: moment) { $0 ? true : nil }
}

/// A deadline passed after `least`: never before, and within 30 s.
func expectTime(since start: MonotonicTime, atLeast least: Duration) {
    let time = MonotonicTime.now - start
    #expect(time >= least)
    #expect(time < .seconds(30))
}

extension Monitor where State == Int {
    /// Waits until the state is `count` or more, for 30 s at most.
    func reaches(_ count: Int) -> Bool { wait(until: .now + .seconds(30)) { $0 >= count ? true : nil } ?? false }
}

extension Monitor where State == Bool {
    /// Waits until the state is true, for 30 s at most.
    func becomesTrue() -> Bool { wait(until: .now + .seconds(30)) { $0 ? true : nil } ?? false }
}

extension Connection {
    /// Reads until `count` bytes have arrived, or the stream ends.
    func read(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count, let more = try read() { bytes += more }
        return bytes
    }

    func readToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let more = try read() { bytes += more }
        return bytes
    }

    func echo(_ text: String) throws -> String {
        try write(Array(text.utf8))
        return String(decoding: try read(exactly: text.utf8.count), as: UTF8.self)
    }
}

/// Pseudorandom bytes with the period 65,521: a prime, so no buffer size hides a shift.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    let period = (0..<min(count, 65_521)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes += period.prefix(count - bytes.count) }
    return bytes
}

/// Runs `count` bodies at the same time, each on its own thread, and waits for all of them.
func together(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let threads = ThreadGroup()
    let failures = Monitor<[any Error]>([])
    for index in 0..<count {
        try threads.start(named: "test-\(index)") {
            do { try body(index) } catch { failures.update { $0.append(error) } }
        }
    }
    guard threads.join(until: .now + .seconds(60)) else {
        throw NotInTime(description: "threads of the test did not end")
    }
    if let first = failures.withLock({ $0.first }) { throw first }
}

/// The names of this process's kernel threads that begin with the prefix.
func threads(named prefix: String) -> [String] {
    (ProcFile.names(in: "/proc/self/task") ?? []).compactMap { id in
        ProcFile.text("/proc/self/task/\(id)/comm").map { String($0.dropLast()) }
    }.filter { $0.hasPrefix(prefix) }
}

/// How many descriptors this process has open.
func descriptorCount() -> Int { ProcFile.names(in: "/proc/self/fd")?.count ?? -1 }
