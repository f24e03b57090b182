// SPDX-License-Identifier: Apache-2.0

internal import Histogram

extension HistogramLog {
    /// Merges the logs of runs on several machines at the same time. Intervals that began in the same second, counted from
    /// the earliest, become one interval.
    ///
    /// If the machines' clocks differ, intervals are paired differently, but no recorded time is lost.
    ///
    /// - Parameter logs: 1 or more.
    public init(merging logs: [HistogramLog]) {
        let all = logs.flatMap(\.intervals)
        let start = all.map(\.start).min() ?? 0
        var slots: [Double: HistogramInterval] = [:]
        for interval in all {
            let slot = (interval.start - start).rounded()
            guard var merged = slots[slot] else {
                slots[slot] = interval
                continue
            }
            merged.times.add(interval.times)
            let end = max(merged.start + merged.length, interval.start + interval.length)
            merged.start = min(merged.start, interval.start)
            merged.length = end - merged.start
            slots[slot] = merged
        }
        self.init(start: start, intervals: slots.values.sorted { $0.start < $1.start })
    }
}
