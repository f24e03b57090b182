// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Decides why a client ends. The first reason counts: after the server has cut a client off, its handler's error says
/// nothing new.
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
