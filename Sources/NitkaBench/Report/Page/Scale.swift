// SPDX-License-Identifier: Apache-2.0

internal import RealModule

/// Maps values to positions on an axis, 0 to 1, and chooses the ticks.
protocol Scale {
    var ticks: [Double] { get }
    func place(_ value: Double) -> Double
}

/// A linear scale from 0: for rates, shares and time.
struct LinearScale: Scale {
    let highest: Double
    let ticks: [Double]

    /// From 0 to the first tick at or above the highest value, or to the highest value itself.
    init(upTo highest: Double, marks: Double = 4, endsAtMark: Bool = true) {
        let top = highest > 0 ? highest : 1
        let step = Self.step(atLeast: top / marks)
        self.highest = endsAtMark ? (top / step).rounded(.up) * step : top
        ticks = stride(from: 0, through: self.highest * 1.000001, by: step).map { $0 }
    }

    /// From 0 to the highest value, with the given ticks up to that value.
    init(upTo highest: Double, ticks: [Double]) {
        self.highest = highest
        self.ticks = ticks.filter { $0 <= highest }
    }

    func place(_ value: Double) -> Double { min(max(value / highest, 0), 1) }

    /// 1, 2 or 5 times a power of 10.
    private static func step(atLeast least: Double) -> Double {
        let power = LogScale.powerOfTen(atMost: least)
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= least * 0.999999 } ?? 10 * power
    }
}

/// A logarithmic scale: for times, which range from microseconds to seconds.
struct LogScale: Scale {
    let lowest: Double
    let highest: Double
    let ticks: [Double]

    /// From the tick below the lowest value to the tick above the highest. Ticks are 1, 2 or 5 times a power of 10.
    init(from lowest: Double, to highest: Double, most: Int = 7) {
        let marks = Self.marks(from: max(lowest, 1), to: max(highest, lowest, 1))
        (self.lowest, self.highest) = (marks[0], marks[marks.count - 1])
        let powers = marks.filter { Self.powerOfTen(atMost: $0 * 1.000001) > $0 * 0.999999 }
        ticks = marks.count <= most ? marks : powers.count >= 2 ? powers : [marks[0], marks[marks.count - 1]]
    }

    func place(_ value: Double) -> Double {
        min(max(.log10(max(value, lowest) / lowest) / .log10(highest / lowest), 0), 1)
    }

    private static func marks(from lowest: Double, to highest: Double) -> [Double] {
        var power = powerOfTen(atMost: lowest)
        var marks: [Double] = []
        while marks.count < 2 || marks[marks.count - 1] < highest {
            for mark in [power, 2 * power, 5 * power] where (marks.last ?? 0) < highest || marks.count < 2 {
                if mark <= lowest { marks = [] }
                marks.append(mark)
            }
            power *= 10
        }
        return marks
    }

    static func powerOfTen(atMost value: Double) -> Double {
        // A logarithm would be slightly below 3 for 1000.
        var power = 1.0
        while power > value { power /= 10 }
        while power * 10 <= value { power *= 10 }
        return power
    }
}
