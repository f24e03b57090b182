// SPDX-License-Identifier: Apache-2.0

package import NitkaSystem

/// A resource of the generator's own machine that ran out. The error says nothing about the server.
struct Shortage: Hashable {
    /// What to do against it.
    let remedy: String

    /// The shortage that an error of a system call reports; nil if it reports none.
    init?(_ errno: Errno) {
        guard let found = Self.all.first(where: { $0.errno == errno }) else { return nil }
        remedy = found.remedy
    }

    /// The shortage behind a kind of error in a report; nil for another error.
    init?(kind: String) {
        let words = kind.hasPrefix(BenchProblem.connecting) ? kind.dropFirst(BenchProblem.connecting.count) : kind[...]
        guard let found = Self.all.first(where: { $0.errno.description == words }) else { return nil }
        remedy = found.remedy
    }

    /// What to do when the system creates no more threads.
    static let remedyForThreads = "use fewer --threads, or raise ulimit -u and the cgroup's pids.max"

    private static let memory = "free memory, or use fewer --clients or a smaller --size"

    private static let noSpace = Errno(28)

    private static let all: [(errno: Errno, remedy: String)] = [
        (
            .addressNotAvailable,
            "wait 60 s, or sysctl -w net.ipv4.ip_local_port_range='1024 65535' net.ipv4.tcp_tw_reuse=1"
        ),
        (.tooManyInProcess, "raise ulimit -n, or use fewer --clients"),
        (.tooManyInSystem, "raise sysctl fs.file-max, or use fewer --clients"),
        (.noBuffers, memory), (.noMemory, memory),
        // No space for another registration with epoll: see epoll_ctl(2).
        (noSpace, "raise sysctl fs.epoll.max_user_watches, or use fewer --clients"),
        // connect(2): insufficient entries in the routing cache.
        (.tryAgain, memory),
    ]
}

extension BenchObstacle {
    /// A failed operation of this machine, with the remedy for a shortage.
    init(_ operation: String, _ error: Errno) {
        let remedy = Shortage(error).map { "; remedy: \($0.remedy)" } ?? ""
        self.init(description: "\(operation): \(error)\(remedy)")
    }

    /// A thread that could not be created. The system reports the same error for every limit.
    package init(noThreadFor use: String, _ error: Errno) {
        self.init(description: "cannot create \(use): \(error); remedy: \(Shortage.remedyForThreads)")
    }
}
