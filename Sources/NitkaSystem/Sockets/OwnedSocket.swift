// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc
internal import Synchronization

/// A connected socket's number for as long as it is this socket's: any thread may shut it down or ask about it, and
/// its owner closes it.
///
/// What may block is not here: the lock is held only across calls that never do.
struct OwnedSocket: ~Copyable, Sendable {
    let number: CInt
    private let open = Atomic<Bool>(true)
    private let ownership = Lock(())

    init(owning descriptor: consuming Descriptor) {
        number = descriptor.release()
    }

    deinit { close() }

    /// Settled for a caller whom the owner of the right to close can't overtake; news for everybody else.
    var isOpen: Bool { open.load(ordering: .acquiring) }

    func shutDown(_ direction: Direction) {
        whileOpen { _ = shutdown(number, direction.flag) }
    }

    /// Bytes that the peer has not acknowledged yet (a FIN counts as one); 0 when the socket was closed.
    var unacknowledged: Int { whileOpen { max(0, Int(nitka_unacknowledged(number))) } ?? 0 }

    var localAddress: RawAddress? { whileOpen { (try? SocketCall.localAddress(number)) ?? nil } ?? nil }

    /// Gives the number back; a second close does nothing.
    func close() {
        whileOpen {
            open.store(false, ordering: .releasing)
            _ = Glibc.close(number)
        }
    }

    @discardableResult
    private func whileOpen<Result>(_ body: () -> Result) -> Result? {
        ownership.lock()
        defer { ownership.unlock() }
        return isOpen ? body() : nil
    }
}
