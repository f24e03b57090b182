// SPDX-License-Identifier: Apache-2.0

internal import Histogram
internal import RealModule
internal import NitkaProbe

/// The charts of how long echoes took in the whole run: the percentile curve and the histogram.
struct Distribution {
    /// Times from when messages were due; not empty.
    let latency: Histogram<UInt64>
    /// Times from when messages were sent; nil in a closed loop, where they are the same.
    let service: Histogram<UInt64>?
    private let summary: TimeSummary

    /// Nil without an echo.
    init?(_ outcome: BenchOutcome) {
        guard let summary = TimeSummary(outcome.latency) else { return nil }
        self.summary = summary
        latency = outcome.latency
        service = outcome.plan.rate != nil && outcome.service.totalCount > 0 ? outcome.service : nil
    }

    /// The x axis is the number of nines, so that the slowest 0.1 % get as much space as the fastest 90 %.
    var curve: Chart {
        // Up to the single slowest echo.
        let nines = max(1, Double.log10(Double(summary.count)))
        let curves = [("c2", "from due", latency)] + (service.map { [("c1", "from send", $0)] } ?? [])
        let shortest = curves.map { Double(max($0.2.min, 1)) }.min() ?? 1
        let longest = curves.map { Double($0.2.max) }.max() ?? 1
        var chart = Chart(
            title: "Time by percentile",
            summary: "p50 \(Figures.time(Double(summary.p50))), p99 \(Figures.time(Double(summary.p99))), "
                + "p99.9 \(Figures.time(Double(summary.p999))), max \(Figures.time(Double(summary.max))).",
            legend: curves.map { ($0.0, $0.1) },
            across: Chart.Axis(
                scale: LinearScale(upTo: nines, ticks: Self.ticks(nines)), label: Self.percentName),
            up: Chart.Axis(scale: LogScale(from: shortest, to: longest), label: Figures.time))
        for curve in curves.reversed() { chart.line(Self.points(of: curve.2), style: curve.0) }
        return chart
    }

    /// A tick for every nine; beyond 5 for every second one, because labels would overlap on a phone.
    private static func ticks(_ nines: Double) -> [Double] { [0, 1, 2, 3, 4] + (nines < 6 ? [5] : [6, 8, 10, 12]) }

    /// `0`, `90`, `99`, `99.9`: percent.
    private static func percentName(_ nines: Double) -> String {
        let digits = String(repeating: "9", count: max(0, Int(nines.rounded())))
        return switch digits.count {
        case 0: "0 %"
        case 1: "90"
        case 2: digits
        default: "99.\(digits.dropFirst(2))"
        }
    }

    private static func points(of times: Histogram<UInt64>) -> [(x: Double, y: Double)] {
        let last = Double.log10(Double(times.totalCount))
        let places = Array(stride(from: 0, to: last, by: 0.05)) + [last]
        let values = TimeSummary.percentiles(places.map { 100 * (1 - .exp10(-$0)) }, of: times)
        return zip(places, values).map { (x: $0, y: Double($1)) }
    }

    /// The borders of the bars are the same in every run.
    var histogram: Chart? {
        let buckets = LogBuckets(latency, most: 60).buckets
        guard let first = buckets.first, let last = buckets.last, let most = buckets.map(\.count).max() else {
            return nil
        }
        let total = Double(summary.count)
        var chart = Chart(
            title: "Histogram",
            summary: "\(Figures.grouped(summary.count)) echoes, from \(Figures.time(first.lower)) to "
                + "\(Figures.time(last.upper)).",
            across: Chart.Axis(scale: LogScale(from: first.lower, to: last.upper, most: 5), label: Figures.time),
            up: Chart.Axis(scale: LinearScale(upTo: Double(most) / total), label: Figures.share))
        for bucket in buckets where bucket.count > 0 {
            chart.bar(from: bucket.lower, to: bucket.upper, value: Double(bucket.count) / total, style: "c1")
        }
        return chart
    }
}
