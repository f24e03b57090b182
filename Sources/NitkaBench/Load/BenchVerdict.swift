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
    /// Messages per second that were due in the counted time and sent in it.
    var rateReached: Double
    /// Echoes per second that came back in the counted time, whenever they were due.
    var rateAchieved: Double
    /// The counted time; 0 if the run ended before it. One message more or less in it is not a miss.
    var seconds: Double
    /// The 99th percentiles of how late the generator sent, and of how long the echoes took, in nanoseconds.
    var lag: UInt64
    var latency: UInt64
    var echoes: UInt64
    /// The errors of the run by kind.
    var errors: [String: UInt64] = [:]

    /// Why the numbers say nothing about the server, one clause each; empty for a valid run.
    var invalidReasons: [String] {
        var reasons = seconds > 0 ? missed : ["ended before counting began"]
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

    private var missed: [String] {
        var reasons: [String] = []
        if clientsOpen < clientsAsked {
            reasons.append("only \(clientsOpen) of \(clientsAsked) clients were served when counting began")
        }
        if echoes == 0, rateAsked == nil || rateAchieved == 0 {
            reasons.append("no echo came back in the counted time")
        }
        guard let rateAsked else { return reasons }
        func misses(_ rate: Double) -> Bool {
            abs(rate - rateAsked) > max(rateAsked * Self.rateTolerance, 1 / seconds)
        }
        if misses(rateReached) {
            // A server that answers at the rate, but an old backlog first, achieves it and is late all the same.
            reasons.append(
                misses(rateAchieved)
                    ? "\(Figures.rate(rateAchieved))/s achieved of \(Figures.rate(rateAsked))"
                    : "only \(Figures.rate(rateReached))/s of the \(Figures.rate(rateAsked))/s that were due were sent in time"
            )
        }
        return reasons
    }
}
