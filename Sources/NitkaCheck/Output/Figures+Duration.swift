// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

extension Figures {
    /// As ``time(_:)-(Double)``.
    static func time(_ duration: Duration) -> String { time(duration / .nanoseconds(1)) }
}
