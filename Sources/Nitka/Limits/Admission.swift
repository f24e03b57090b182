// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Whether a newcomer may enter.
enum Admission {
    /// Why not; nil when it may.
    static func refusal(active: Int, ofSource: Int, limits: Limits) -> EndReason? {
        if active >= limits.clients { return .overLimit("\(limits.clients) clients are being served") }
        if ofSource >= limits.clientsPerSource {
            return .overLimit("\(limits.clientsPerSource) clients of this source are being served")
        }
        return nil
    }
}

/// Says that a server is full once, and again only when a tenth of its places, one at least, were free meanwhile and a
/// minute has passed: at the limit every client that leaves is replaced at once, and that is no news.
struct Fullness: Hashable {
    static let silence = Duration.seconds(60)

    private var isKnown = false
    private var lastSaid: MonotonicTime?

    mutating func isNewlyFull(_ active: Int, of limit: Int, at now: MonotonicTime) -> Bool {
        guard active >= limit, !isKnown else { return false }
        if let lastSaid, now - lastSaid < Self.silence { return false }
        (isKnown, lastSaid) = (true, now)
        return true
    }

    mutating func left(_ active: Int, of limit: Int) {
        if active < limit - max(1, limit / 10) { isKnown = false }
    }
}
