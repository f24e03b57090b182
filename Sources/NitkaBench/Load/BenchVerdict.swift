// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

/// Decides from the numbers of a run alone whether they say something about the server.
struct BenchVerdict: Hashable {
    /// The share by which a run may miss its rate.
    static let rateTolerance = 0.02
    /// How late the generator itself may send, in nanoseconds. Where echoes take long, it is a tenth of their time.
    static let allowedLag: UInt64 = 1_000_000

    var clientsAsked: Int
    var clientsOpen: Int
    var rateAsked: Double?
    var rateReached: Double
    /// The counted time. One message more or less in it is not a miss.
    var seconds: Double
    /// The 99th percentiles of how late the generator sent, and of how long the echoes took, in nanoseconds.
    var lag: UInt64
    var latency: UInt64
    var echoes: UInt64
    /// The errors of the run by kind.
    var errors: [String: UInt64] = [:]

    /// Why the numbers say nothing about the server, one clause each; empty for a valid run.
    var invalidReasons: [String] {
        var reasons: [String] = []
        if clientsOpen < clientsAsked {
            reasons.append("only \(clientsOpen) of \(clientsAsked) clients were served when counting began")
        }
        if echoes == 0 { reasons.append("no echo came back in the counted time") }
        if let rateAsked, abs(rateReached - rateAsked) > max(rateAsked * Self.rateTolerance, 1 / max(seconds, 1e-9)) {
            reasons.append("the rate was \(text(rateReached)) messages a second instead of \(text(rateAsked))")
        }
        for (kind, count) in errors.sorted(by: { $0.key < $1.key }) where count > 0 {
            guard let shortage = Shortage(kind: kind) else { continue }
            let times = count == 1 ? "1 time" : "\(count) times"
            reasons.append("this machine ran short: \(kind), \(times); remedy: \(shortage.remedy)")
        }
        if lag > max(Self.allowedLag, latency / 10) {
            reasons.append("the generator itself sent 1 % of the messages at least \(Figures.time(Double(lag))) late")
        }
        return reasons
    }

    /// With decimals for a small rate: two rates that both read as 0 would say nothing.
    private func text(_ rate: Double) -> String { Figures.decimal(rate, places: rate < 100 ? 2 : 0) }
}
