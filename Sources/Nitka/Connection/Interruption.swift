// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// The word that goes to every reader of a server at once: it drains, so read on only while something comes.
///
/// A flag for those who are busy, an eventfd in the poll of those who wait: raised once, never lowered.
final class Interruption: Sendable {
    private let flag = Atomic<Bool>(false)
    private let event: WakeEvent

    /// A reader whose input was quiet for so long while the server drains has reached its end.
    static let quietTime = Duration.milliseconds(100)

    init() throws(Errno) { event = try WakeEvent() }

    var isRaised: Bool { flag.load(ordering: .acquiring) }

    var descriptor: Int32 { event.descriptor.number }

    func raise() {
        flag.store(true, ordering: .releasing)
        event.raise()
    }
}
