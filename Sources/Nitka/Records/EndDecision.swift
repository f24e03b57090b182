// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Decides why a client ends: the first reason counts. The error of a handler that was cut off says nothing new.
final class EndDecision: Sendable {
    private let decided = Lock<EndReason?>(nil)

    /// Returns the reason that counts.
    @discardableResult
    func decide(_ reason: EndReason) -> EndReason {
        decided.withLock { decided in
            let first = decided ?? reason
            decided = first
            return first
        }
    }
}
