// SPDX-License-Identifier: Apache-2.0

/// The search for the highest rate that holds: which one to try next, decided from those that were tried.
///
/// It begins at half of what a closed loop reached, adds half to what held until something does not, and halves the gap
/// between the two until it is narrow.
public struct MaxSearch: Hashable, Sendable {
    /// The highest rate that held.
    public private(set) var best: Double?
    /// The lowest that did not.
    public private(set) var tooMuch: Double?
    /// How many were tried.
    public private(set) var steps = 0

    private let first: Double

    /// The gap that is narrow enough, as a share of the rate.
    public static let precision = 0.05
    /// The most rates that are tried.
    public static let mostSteps = 16

    /// - Parameter closedLoop: echoes a second that a closed loop reached; more than 0.
    public init(closedLoop: Double) { first = max(1, closedLoop / 2) }

    /// The rate to try next; nil when the search is over.
    public var next: Double? {
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

    /// A rate was tried, and held or not.
    public mutating func tried(_ rate: Double, holds: Bool) {
        steps += 1
        if holds { best = max(best ?? 0, rate) } else { tooMuch = min(tooMuch ?? .infinity, rate) }
    }
}
