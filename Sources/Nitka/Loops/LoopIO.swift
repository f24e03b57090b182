// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel

/// By which of the kernel's ways event loops send the messages that they pass on.
///
/// They wait for their clients at epoll(7) in any case.
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
    /// ``uring`` where the kernel allows it, else ``epoll``.
    public static let auto = LoopIO(kind: .auto)

    /// Why the kernel refuses an io_uring; nil where it does not. It is tried each time that this is asked.
    public static var ringRefusal: NitkaError? {
        do throws(NitkaError) {
            _ = try makeRing()
            return nil
        } catch {
            return error
        }
    }

    /// One for each of so many loops, or none at all.
    func makeRings(_ count: Int) throws(NitkaError) -> [SendRing] {
        if kind == .epoll { return [] }
        do throws(NitkaError) {
            var rings: [SendRing] = []
            for _ in 0..<count { rings.append(try Self.makeRing()) }
            return rings
        } catch {
            if kind == .auto { return [] }
            throw error
        }
    }

    private static func makeRing() throws(NitkaError) -> SendRing {
        do throws(Errno) {
            return try SendRing()
        } catch {
            throw NitkaError("make", "an io_uring", .system(error))
        }
    }
}
