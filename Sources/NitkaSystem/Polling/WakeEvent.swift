// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// An eventfd: raised by any thread, seen by whoever polls it, until it is lowered.
package struct WakeEvent: ~Copyable, Sendable {
    package let descriptor: Descriptor

    package init() throws(Errno) {
        descriptor = Descriptor(owning: try systemCall { nitka_eventfd() })
    }

    package borrowing func raise() {
        var one: UInt64 = 1
        // It fails only when the counter is full, and then it is raised already.
        _ = Glibc.write(descriptor.number, &one, 8)
    }

    package borrowing func lower() {
        var count: UInt64 = 0
        _ = Glibc.read(descriptor.number, &count, 8)
    }
}

extension WakeEvent {
    /// An event that several threads hold.
    package final class Shared: Sendable {
        private let event: WakeEvent

        package init() throws(Errno) { event = try WakeEvent() }

        package var number: CInt { event.descriptor.number }

        package func raise() { event.raise() }
    }
}
