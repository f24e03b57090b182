// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

/// Whether what a bench measured says something about the server: decided from its numbers alone.
struct BenchVerdict: Hashable {
    /// A rate that was asked for may be missed by so much.
    static let rateTolerance = 0.02
    /// The generator may send so late by its own fault; and where the server is slower, a tenth of what it takes.
    static let allowedLag: UInt64 = 1_000_000

    var clientsAsked: Int
    var clientsOpen: Int
    var rateAsked: Double?
    var rateReached: Double
    /// How long was counted: of what was due in it a message more or less is no miss.
    var seconds: Double
    /// The 99th percentiles of how late the generator sent, and of how long echoes took, in nanoseconds.
    var lag: UInt64
    var latency: UInt64
    var echoes: UInt64

    /// Why it says nothing, a sentence each; empty when it is valid.
    var invalidReasons: [String] {
        var reasons: [String] = []
        if clientsOpen < clientsAsked {
            reasons.append("\(clientsOpen) of \(clientsAsked) clients were served when counting began")
        }
        if echoes == 0 { reasons.append("no echo came back while it was counted") }
        if let rateAsked, abs(rateReached - rateAsked) > max(rateAsked * Self.rateTolerance, 1 / max(seconds, 1e-9)) {
            reasons.append("the rate was \(told(rateReached)) a second, not \(told(rateAsked))")
        }
        if lag > max(Self.allowedLag, latency / 10) {
            reasons.append("the generator sent 1 % of the messages \(lag / 1000) µs late or later by its own fault")
        }
        return reasons
    }

    /// Small rates with what is behind the point: that the rate was 0 and not 0 says nothing.
    private func told(_ rate: Double) -> String { Figures.decimal(rate, places: rate < 100 ? 2 : 0) }
}
