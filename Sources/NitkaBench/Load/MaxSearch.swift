// SPDX-License-Identifier: Apache-2.0

/// The search for the highest rate at which a condition holds: the next rate, decided from those that were tried.
///
/// It starts at half the rate of a closed loop, multiplies by 1.5 while the condition holds, and then halves the gap
/// between the highest rate that held and the lowest that did not. A rate that fails is tried once more, because a moment's
/// disturbance of the machine would otherwise halve the result.
public struct MaxSearch: Hashable, Sendable {
    /// The highest rate at which the condition held; nil if there is none yet.
    public private(set) var best: Double?
    /// The lowest rate at which it did not hold; nil if there is none yet.
    public private(set) var tooMuch: Double?
    /// The number of rates that were tried; a repetition does not count.
    public private(set) var steps = 0

    private let first: Double
    /// The rate that has failed once, and is tried again.
    private var repeated: Double?

    /// The gap at which the search ends, as a share of the rate.
    public static let precision = 0.05
    /// The limit of rates to try.
    public static let mostSteps = 16

    /// Starts a search.
    ///
    /// - Parameter closedLoop: echoes per second of a closed loop; more than 0.
    public init(closedLoop: Double) { first = max(1, closedLoop / 2) }

    /// The rate to try next; nil when the search has ended.
    public var next: Double? {
        if let repeated { return repeated }
        if steps >= Self.mostSteps { return nil }
        switch (best, tooMuch) {
        case (nil, nil): return first.rounded()
        case (let best?, nil): return (best * 1.5).rounded()
        case (nil, let tooMuch?): return tooMuch <= 1 ? nil : max(1, (tooMuch / 4).rounded())
        case (let best?, let tooMuch?):
            return tooMuch - best <= best * Self.precision || tooMuch - best <= 1
                ? nil : ((best + tooMuch) / 2).rounded()
        }
    }

    /// True if ``next`` is the rate that has just failed.
    public var isRepeating: Bool { repeated != nil }

    /// Takes note of whether the condition held at a rate.
    public mutating func tried(_ rate: Double, holds: Bool) {
        if !holds, repeated == nil {
            repeated = rate
            return
        }
        repeated = nil
        steps += 1
        if holds { best = max(best ?? 0, rate) } else { tooMuch = min(tooMuch ?? .infinity, rate) }
    }
}
