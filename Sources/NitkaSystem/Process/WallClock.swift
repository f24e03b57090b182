// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The time of day, for people: never to measure with.
package enum WallClock {
    /// Now, in UTC with milliseconds: `2026-11-24T06:30:00.123Z` (RFC 3339).
    package static var text: String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        let milliseconds = String(1000 + now.tv_nsec / 1_000_000).dropFirst()
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
            strftime(text.baseAddress!, text.count, "%Y-%m-%dT%H:%M:%S", &parts)
            return String(cString: text.baseAddress!) + ".\(milliseconds)Z"
        }
    }
}
