// SPDX-License-Identifier: Apache-2.0

internal import Histogram
internal import NitkaProbe

/// The charts over the time of the run.
struct OverTime {
    let timeline: Timeline

    /// Nil for a run without a recorded second.
    init?(_ timeline: Timeline) {
        guard !timeline.moments.isEmpty else { return nil }
        self.timeline = timeline
    }

    private var axis: Chart.Axis {
        let inMinutes = timeline.end >= 600
        let unit = inMinutes ? 60.0 : 1
        let scale = LinearScale(upTo: timeline.end / unit, marks: 5, endsAtMark: false)
        return Chart.Axis(scale: Stretched(scale: scale, unit: unit)) {
            Figures.decimal($0 / unit, places: 2) + (inMinutes ? " min" : " s")
        }
    }

    /// A scale of minutes for values in seconds.
    private struct Stretched: Scale {
        let scale: LinearScale
        let unit: Double
        var ticks: [Double] { scale.ticks.map { $0 * unit } }
        func place(_ value: Double) -> Double { scale.place(value / unit) }
    }

    var rate: Chart {
        let rates = timeline.moments.map(\.echoesPerSecond)
        let (least, most) = (rates.min() ?? 0, rates.max() ?? 0)
        var chart = Chart(
            title: "Echoes a second", summary: "From \(Figures.rate(least)) to \(Figures.rate(most)) echoes a second.",
            across: axis, up: Chart.Axis(scale: LinearScale(upTo: most), label: Figures.short))
        let points = timeline.moments.map { (x: $0.time, y: $0.echoesPerSecond) }
        chart.area(points, style: "c1")
        chart.line(points, style: "c1")
        if timeline.moments.contains(where: { $0.errors > 0 }) {
            chart.legend = [("c1", "echoes a second"), ("c3", "errors")]
        }
        for moment in timeline.moments {
            let time = Figures.decimal(moment.time, places: 1)
            if moment.errors > 0 {
                chart.dot((moment.time, 0), style: "c3", saying: "\(time) s: \(Figures.grouped(moment.errors)) errors")
            }
            guard timeline.moments.count <= Self.mostDots else { continue }
            chart.dot(
                (moment.time, moment.echoesPerSecond), style: "c1",
                saying: "\(time) s: \(Figures.rate(moment.echoesPerSecond)) echoes a second")
        }
        return chart
    }

    /// More dots would hide the line.
    private static let mostDots = 40

    var percentiles: Chart? {
        let known = timeline.moments.compactMap { moment in moment.times.map { (moment.time, $0) } }
        guard let least = known.map(\.1.p50).min(), let most = known.map(\.1.max).max() else { return nil }
        var chart = Chart(
            title: "Percentiles over time",
            summary: "p50 from \(Figures.time(Double(least))), the longest \(Figures.time(Double(most))).",
            legend: [("c3", "max"), ("c2", "p99"), ("c1", "p50")], across: axis,
            up: Chart.Axis(scale: LogScale(from: Double(least), to: Double(most)), label: Figures.time))
        let lines: [(style: String, name: String, value: (TimeSummary) -> UInt64)] = [
            ("c3", "max", { $0.max }), ("c2", "p99", { $0.p99 }), ("c1", "p50", { $0.p50 }),
        ]
        for line in lines {
            let points = known.map { (x: $0.0, y: Double(line.value($0.1))) }
            chart.line(points, style: line.style)
            guard points.count <= Self.mostDots else { continue }
            for point in points {
                let text = "\(Figures.decimal(point.x, places: 1)) s: \(line.name) \(Figures.time(point.y))"
                chart.dot(point, style: line.style, saying: text)
            }
        }
        return chart
    }
}

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
            let echoes = seconds.reduce(0) { $0 + $1.returned }
            return Moment(
                time: start + length / 2, echoesPerSecond: length > 0 ? Double(echoes) / length : 0,
                errors: seconds.reduce(0) { $0 + $1.errors }, times: TimeSummary(times))
        }
    }
}
