// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// The resources of this machine that limit a bench, read before it begins.
struct Preflight: Hashable {
    var descriptors: Int?
    var ports: Int?
    var processors = 1

    /// Descriptors in addition to those of the clients: event loops and files.
    static let spareDescriptors = 64

    /// What this process has, after it raised its limit of descriptors.
    static func now(for plan: BenchPlan) -> Preflight {
        ProcessLimit.descriptors.raise(to: plan.clients + spareDescriptors)
        return Preflight(
            descriptors: ProcessLimit.descriptors.current.soft, ports: LocalPorts.systemRange?.count,
            processors: CurrentProcess.processorCount)
    }

    /// What is missing, with a remedy; nil if nothing is.
    func obstacle(_ plan: BenchPlan) -> String? {
        let needed = plan.clients + Self.spareDescriptors
        if let descriptors, descriptors < needed {
            return "this load needs \(needed) descriptors, the limit is \(descriptors): ulimit -n \(needed)"
        }
        if let ports, ports < plan.clients {
            return """
                this load needs \(plan.clients) local ports, this machine has \(ports): \
                sysctl -w net.ipv4.ip_local_port_range='1024 65535'
                """
        }
        return nil
    }

    /// What would distort the figures, with a remedy; nil if nothing would.
    func advice(_ plan: BenchPlan) -> String? {
        guard let loops = plan.loops, loops > processors else { return nil }
        let some = processors == 1 ? "1 processor" : "\(processors) processors"
        return "\(loops) threads compete for \(some): --threads \(processors)"
    }
}

/// The machine that this process runs on.
enum Machine {
    /// `2 processors, Linux 6.18.44, x86_64`.
    static var description: String {
        let processors = CurrentProcess.processorCount
        let kernel = ProcFile.text("/proc/sys/kernel/osrelease")?.prefix { !$0.isWhitespace } ?? "of unknown version"
        #if arch(x86_64)
            let architecture = "x86_64"
        #elseif arch(arm64)
            let architecture = "arm64"
        #else
            let architecture = "unknown architecture"
        #endif
        return "\(processors) processor\(processors == 1 ? "" : "s"), Linux \(kernel), \(architecture)"
    }
}
