// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A model's own part: who calls the handler.
protocol ClientCarrier: Sendable {
    /// Has `serve` called with the client, once.
    ///
    /// - Throws: when nobody can be had to carry it; then `serve` was not called and will not be.
    func carry(_ client: Client, _ serve: @escaping @Sendable (Client) -> Void) throws(Errno)

    /// The thread that carries the client, which is the calling one.
    func thread(of client: Client) -> ThreadName

    /// Waits until nobody carries a client any more: false when the deadline passed first.
    func waitForAll(until deadline: MonotonicTime?) -> Bool
}
