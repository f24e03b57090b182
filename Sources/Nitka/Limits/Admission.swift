// SPDX-License-Identifier: Apache-2.0

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

/// Says that a server is full once, and again only after a tenth of its places, one at least, were free meanwhile: at
/// the limit every client that leaves is replaced at once, and that is no news.
struct Fullness: Hashable {
    private var wasSaid = false

    mutating func isNewlyFull(_ active: Int, of limit: Int) -> Bool {
        guard active >= limit, !wasSaid else { return false }
        wasSaid = true
        return true
    }

    mutating func left(_ active: Int, of limit: Int) {
        if active < limit - max(1, limit / 10) { wasSaid = false }
    }
}
