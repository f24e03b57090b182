// SPDX-License-Identifier: Apache-2.0

internal import Histogram

/// A run over time, in as many parts as a chart can show.
struct Timeline {
    struct Moment {
        /// The middle of the part, in seconds from the beginning.
        var time: Double
        var echoesPerSecond: Double
        var errors: UInt64
        /// Nil without an echo.
        var times: TimeSummary?
    }

    let moments: [Moment]
    /// The end of the last part in seconds.
    let end: Double

    /// - Parameter most: limit of parts. A longer run has several seconds per part.
    init(_ seconds: [BenchSecond], most: Int = 240) {
        let size = max(1, (seconds.count + most - 1) / most)
        var parts = stride(from: 0, to: seconds.count, by: size).map {
            Part(seconds[$0..<min($0 + size, seconds.count)])
        }
        // The rate of a short last second is noise.
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
