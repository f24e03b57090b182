// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// By which of the kernel's ways event loops send the messages that ``AsyncClient/forward(to:)`` passes on.
///
/// They wait for their clients at epoll(7) in any case, and what a handler writes by itself goes by a call of its own.
public struct LoopIO: Hashable, Sendable {
    private enum Kind: Hashable {
        case epoll
        case uring
        case auto
    }

    private let kind: Kind

    /// One call for each: works everywhere.
    public static let epoll = LoopIO(kind: .epoll)
    /// One call for many, through an io_uring(7) a loop: it costs a loaded server less. Needs Linux 5.18, a descriptor a
    /// loop, and that nobody forbids it: many containers do.
    public static let uring = LoopIO(kind: .uring)
    /// ``uring`` where the kernel allows it when the server begins, else ``epoll``, for all loops alike. Where a process
    /// is killed for asking, only ``epoll`` will do.
    public static let auto = LoopIO(kind: .auto)

    /// Asks whether the kernel allows ``uring``: makes a ring, and lets it go.
    ///
    /// - Throws: ``NitkaError`` with what it refuses it with.
    public static func checkRing() throws(NitkaError) { _ = try makeRing() }

    /// How many descriptors a loop needs for it.
    var descriptors: Int { kind == .uring ? 1 : 0 }

    /// How many it would rather have, too.
    var optionalDescriptors: Int { kind == .auto ? 1 : 0 }

    /// One for each of so many loops; none under ``epoll``.
    func makeRings(_ count: Int) throws(NitkaError) -> [SendRing] {
        if kind == .epoll { return [] }
        var rings: [SendRing] = []
        for _ in 0..<count { rings.append(try Self.makeRing()) }
        return rings
    }

    private static func makeRing() throws(NitkaError) -> SendRing {
        do throws(Errno) {
            return try SendRing()
        } catch {
            throw NitkaError("make", "an io_uring", .system(error))
        }
    }
}
