// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Whether this machine has what a bench needs, asked before it begins.
struct Preflight: Hashable {
    var descriptors: Int?
    var ports: Int?
    var processors = 1

    /// Descriptors beside those of clients: loops, the log, files.
    static let spareDescriptors = 64

    /// What this process has, after it raised what it may raise.
    static func now(for plan: BenchPlan) -> Preflight {
        ProcessLimit.descriptors.raise(to: plan.clients + spareDescriptors)
        let range = ProcFile.text("/proc/sys/net/ipv4/ip_local_port_range")?.split { $0.isWhitespace }.compactMap {
            Int($0)
        }
        let ports = range.flatMap { $0.count == 2 ? max(0, $0[1] - $0[0] + 1) : nil }
        return Preflight(
            descriptors: ProcessLimit.descriptors.current.soft, ports: ports,
            processors: CurrentProcess.processorCount)
    }

    /// What is missing, with the remedy; nil when all is there.
    func obstacle(_ plan: BenchPlan) -> String? {
        let needed = plan.clients + Self.spareDescriptors
        if let descriptors, descriptors < needed {
            return
                "\(plan.clients) clients need \(needed) descriptors, and \(descriptors) are allowed: ulimit -n \(needed)"
        }
        if let ports, ports < plan.clients {
            return """
                \(plan.clients) clients need as many local ports, and there are \(ports): \
                sysctl -w net.ipv4.ip_local_port_range='1024 65535'
                """
        }
        return nil
    }

    /// What would make the figures worse than they need be, with the remedy; nil when nothing would.
    func advice(_ plan: BenchPlan) -> String? {
        guard let loops = plan.loops, loops > processors else { return nil }
        let some = processors == 1 ? "1 processor" : "\(processors) processors"
        return "\(loops) threads on \(some) wait for one another: --threads \(processors)"
    }
}
