// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

extension MachineReading {
    /// Reads the resources of this process. A resource that can't be read limits nothing.
    static func now() -> MachineReading {
        var reading = MachineReading()
        reading.descriptorLimit = ProcessLimit.descriptors.current.soft
        // 1 descriptor reads the folder itself.
        reading.descriptorsInUse = ProcFile.names(in: "/proc/self/fd").map { $0.count - 1 } ?? 16
        reading.pidLimit = number("/proc/sys/kernel/pid_max")
        reading.threadLimit = number("/proc/sys/kernel/threads-max")
        reading.threadsOfSystem = threadsOfSystem()
        reading.mappingLimit = number("/proc/sys/vm/max_map_count")
        reading.mappingsInUse = ProcFile.text("/proc/self/maps")?.utf8.count { $0 == UInt8(ascii: "\n") } ?? 0
        reading.mappingsPerStack = StackGuard.available.mappingsPerStack
        if !CurrentProcess.isPrivileged, let limit = ProcessLimit.threadsOfUser.current.soft {
            reading.userThreadLimit = limit
            reading.threadsOfUser = threadsOfUser()
        }
        (reading.cgroupLimit, reading.threadsOfCgroup) = cgroup()
        return reading
    }

    private static func number(_ path: String) -> Int? {
        ProcFile.text(path).flatMap { Int($0.prefix { !$0.isWhitespace }) }
    }

    /// The fourth field of /proc/loadavg is `runnable/existing`, in threads.
    private static func threadsOfSystem() -> Int {
        let fields = ProcFile.text("/proc/loadavg")?.split(separator: " ") ?? []
        return fields.count > 3 ? fields[3].split(separator: "/").last.flatMap { Int($0) } ?? 0 : 0
    }

    private static func threadsOfUser() -> Int {
        let mine = String(CurrentProcess.userID)
        var count = 0
        for name in ProcFile.names(in: "/proc") ?? [] where Int(name) != nil {
            guard let status = ProcFile.text("/proc/\(name)/status") else { continue }
            if field("Uid:", of: status) == mine { count += field("Threads:", of: status).flatMap { Int($0) } ?? 0 }
        }
        return count
    }

    private static func field(_ name: String, of status: String) -> String? {
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split { $0.isWhitespace }.dropFirst().first.map(String.init)
    }

    /// The tightest pids.max of this process's cgroup and the cgroups above it, in version 2 or in the `pids` hierarchy
    /// of version 1.
    private static func cgroup() -> (limit: Int?, used: Int) {
        for line in (ProcFile.text("/proc/self/cgroup") ?? "").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isUnified = parts[0] == "0"
            guard isUnified || parts[1].split(separator: ",").contains("pids") else { continue }
            let root = isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids"
            if let found = tightest(under: root, path: String(parts[2])) { return found }
        }
        return (nil, 0)
    }

    private static func tightest(under root: String, path: String) -> (limit: Int?, used: Int)? {
        var best: (limit: Int?, used: Int)?
        var names = path.split(separator: "/")
        while true {
            let folder = names.isEmpty ? root : root + "/" + names.joined(separator: "/")
            if let limit = number(folder + "/pids.max") {
                let used = number(folder + "/pids.current") ?? 0
                if best.map({ limit - used < ($0.limit ?? .max) - $0.used }) ?? true { best = (limit, used) }
            }
            if names.popLast() == nil { return best }
        }
    }
}
