// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// The limits of setrlimit(2) that bind a server.
package enum ProcessLimit: Sendable {
    case descriptors
    case threadsOfUser

    private var resource: CInt { CInt((self == .descriptors ? RLIMIT_NOFILE : __RLIMIT_NPROC).rawValue) }

    /// The soft and the hard limit; nil for no limit.
    package var current: (soft: Int?, hard: Int?) {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return (nil, nil) }
        return (Self.finite(limit.rlim_cur), Self.finite(limit.rlim_max))
    }

    /// Raises the soft limit to `count`, or to the hard limit if that is lower. It never lowers the limit.
    package func raise(to count: Int) {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, let soft = Self.finite(limit.rlim_cur), soft < count else { return }
        limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
        _ = setrlimit(resource, &limit)
    }

    private static func finite(_ value: rlim_t) -> Int? { value >= rlim_t(Int.max) ? nil : Int(value) }
}

/// Facts about this process.
package enum CurrentProcess {
    package static var id: Int32 { getpid() }

    package static var userID: UInt32 { getuid() }

    /// Whether the user is root: the limit on a user's threads does not apply to root.
    package static var isPrivileged: Bool { geteuid() == 0 }

    /// The number of processors that this process may run on; 1 or more.
    package static var processorCount: Int {
        let usable = Int(nitka_usable_processors())
        return usable > 0 ? usable : max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
    }

    /// The arguments, with the program's own name first. Swift's `CommandLine` reads /proc, and is empty without it.
    package static var arguments: [String] {
        (0..<nitka_argument_count()).map { String(cString: nitka_argument($0)) }
    }

    /// Whether the process has a controlling terminal.
    package static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        if terminal >= 0 { close(terminal) }
        return terminal >= 0
    }

    /// A variable of the environment; nil if it is not set.
    package static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Ends the process at once, without the handlers of atexit(3).
    package static func exitNow(_ code: Int32) -> Never { _exit(code) }
}
