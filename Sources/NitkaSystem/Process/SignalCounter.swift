// SPDX-License-Identifier: Apache-2.0

/// Counts the signals that ask a process to end.
///
/// timeout(1) and some service managers signal a process and then its process group, so one request arrives twice. A
/// signal within ``window`` of a counted signal is therefore not counted. The window does not restart with such a
/// signal: a sender that repeats its signal quickly must still end the process.
package struct SignalCounter: Sendable {
    /// Between 100 ms, within which 2 signals are 1 request, and 200 ms, after which the second is a request of its own:
    /// a busy machine delivers either signal a little late.
    package static let window = Duration.milliseconds(150)

    /// The number of requests so far.
    package private(set) var count = 0
    private var latest: MonotonicTime?

    package init() {}

    /// Records a signal. Returns false if it belongs to the request before it.
    package mutating func add(at time: MonotonicTime) -> Bool {
        if let latest, time - latest < Self.window { return false }
        latest = time
        count += 1
        return true
    }

    /// Waits for the next request. The signals must be blocked in all threads.
    package mutating func wait(for numbers: [CInt]) {
        repeat { _ = Signals.wait(for: numbers) } while !add(at: .now)
    }
}
