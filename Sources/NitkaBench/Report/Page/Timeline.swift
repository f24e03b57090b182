// SPDX-License-Identifier: Apache-2.0

internal import Histogram

/// A bench over time, in as many parts as a drawing can show.
struct Timeline {
    struct Moment {
        /// The middle of the part, in seconds from the first.
        var time: Double
        var echoesPerSecond: Double
        var errors: UInt64
        /// Nil where no echo came back.
        var times: TimeSummary?
    }

    let moments: [Moment]
    /// Where the last part ends, in seconds.
    let end: Double

    /// - Parameter most: how many parts at most; where there are more seconds, several are one part.
    init(_ seconds: [BenchSecond], most: Int = 240) {
        let size = max(1, (seconds.count + most - 1) / most)
        var parts = stride(from: 0, to: seconds.count, by: size).map {
            Part(seconds[$0..<min($0 + size, seconds.count)])
        }
        // The run ended a moment into a second: the rate of so little time is noise.
        if parts.count > 1, let last = parts.last, last.length < 0.25 * parts[0].length { parts.removeLast() }
        moments = parts.map(\.moment)
        end = parts.last.map { $0.start + $0.length } ?? 0
    }

    private struct Part {
        let start: Double
        let length: Double
        let seconds: ArraySlice<BenchSecond>

        init(_ seconds: ArraySlice<BenchSecond>) {
            self.seconds = seconds
            start = (seconds.first?.start ?? .zero) / .seconds(1)
            length = seconds.reduce(0) { $0 + $1.length / .seconds(1) }
        }

        var moment: Moment {
            var times = BenchOutcome.histogram()
            for second in seconds { second.times.record(into: &times) }
            let echoes = seconds.reduce(0) { $0 + $1.echoes }
            return Moment(
                time: start + length / 2, echoesPerSecond: length > 0 ? Double(echoes) / length : 0,
                errors: seconds.reduce(0) { $0 + $1.errors }, times: TimeSummary(times))
        }
    }
}
