// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// How the page under a stack is kept from being touched.
package enum StackGuard: Hashable, Sendable {
    /// A mark in the page table (`MADV_GUARD_INSTALL`, Linux 6.13): the mapping stays whole.
    case mark
    /// `mprotect`: it cuts the mapping, so every stack costs two of the process's mappings.
    case protection

    /// What this kernel can do, tried once on a page of its own.
    package static let available: StackGuard = {
        guard let page = try? mapPrivate(pageSize) else { return .protection }
        defer { munmap(page, pageSize) }
        return nitka_guard(page, pageSize) == 0 ? .mark : .protection
    }()

    /// How many mappings a guarded stack costs.
    package var mappingsPerStack: Int { self == .mark ? 0 : 2 }

    func install(at page: UnsafeMutableRawPointer) throws(Errno) {
        // A kernel that knows the mark still refuses it in locked memory (mlockall).
        if self == .mark, nitka_guard(page, pageSize) == 0 { return }
        try systemCall { mprotect(page, pageSize, PROT_NONE) }
    }
}

let pageSize = sysconf(CInt(_SC_PAGESIZE))

/// Address space that costs memory only where it is written to.
func mapPrivate(_ count: Int) throws(Errno) -> UnsafeMutableRawPointer {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK
    let memory = mmap(nil, count, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let memory, memory != MAP_FAILED else { throw Errno.last }
    return memory
}
