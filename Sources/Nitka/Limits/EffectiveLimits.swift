// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// The limits in force for one run of a server: those of the server, lowered to what the machine has resources for.
struct EffectiveLimits {
    let limits: Limits
    let pipes: PipePool
    /// The limit of the machine that lowers the number of clients; nil when none does.
    let lowering: MachineLimit?

    /// - Parameters:
    ///   - hasThreadPerClient: the model creates a thread for each client.
    ///   - descriptors: how many descriptors the model itself opens.
    /// - Throws: the limit of a machine that has resources for no client.
    init(_ wanted: Limits, hasThreadPerClient: Bool, descriptors: Int) throws(MachineLimit) {
        let pipesForAll = Pipe.descriptors * min(wanted.clients, 1024)
        // Far more than a system has descriptors, and no sum overflows.
        ProcessLimit.descriptors.raise(to: min(wanted.clients, 1 << 40) + pipesForAll + 64)
        let machine = MachineReading.now()
        var limits = wanted
        let tightest = machine.limits(hasThreadPerClient: hasThreadPerClient, descriptors: descriptors).first
        if let tightest, tightest.clients == 0 { throw tightest }
        lowering = tightest.flatMap { $0.clients < wanted.clients ? $0 : nil }
        if let lowering { limits.clients = lowering.clients }
        self.limits = limits
        pipes = PipePool(descriptors: machine.freeDescriptors(beside: limits.clients + descriptors))
    }
}

/// A resource of the machine that limits the number of clients.
public struct MachineLimit: Error, Hashable, Sendable, CustomStringConvertible {
    /// The resource, with the name of the setting: `descriptors (RLIMIT_NOFILE 1024)`.
    public let name: String
    /// How many clients it suffices for.
    public let clients: Int

    /// `52 clients by descriptors (RLIMIT_NOFILE 64)`.
    public var description: String { "\(clients.counted("client")) by \(name)" }
}

/// The machine's resources when the server started. A pure value computes what they allow.
struct MachineReading: Hashable {
    var descriptorLimit: Int?
    var descriptorsInUse = 0
    var pidLimit: Int?
    var threadLimit: Int?
    var threadsOfSystem = 0
    var mappingLimit: Int?
    var mappingsInUse = 0
    var mappingsPerStack = 2
    var userThreadLimit: Int?
    var threadsOfUser = 0
    var cgroupLimit: Int?
    var threadsOfCgroup = 0

    /// Reserved descriptors: for the client that a limit refuses, for the log, and to read /proc.
    static let spareDescriptors = 8
    /// Reserved threads: for the other programs on the machine.
    static let spareThreads = 64
    /// Reserved mappings: for memory that the C library maps.
    static let spareMappings = 512

    /// The limits on clients, the tightest first. If only the reserve is left, 1 client may use it.
    ///
    /// - Parameters:
    ///   - hasThreadPerClient: the model creates a thread for each client.
    ///   - descriptors: how many descriptors the model itself opens.
    func limits(hasThreadPerClient: Bool, descriptors: Int = 0) -> [MachineLimit] {
        var limits: [MachineLimit] = []
        func add(_ name: String, _ limit: Int?, used: Int, spare: Int, perClient: Int = 1) {
            guard let limit else { return }
            let left = limit - used
            let clients = left < perClient ? 0 : max(1, (left - spare) / perClient)
            limits.append(MachineLimit(name: "\(name) \(limit))", clients: clients))
        }
        add(
            "descriptors (RLIMIT_NOFILE", descriptorLimit, used: descriptorsInUse + descriptors + forPipes(descriptors),
            spare: Self.spareDescriptors)
        guard hasThreadPerClient else { return limits }
        // The drain thread, which does not exist yet.
        let ownThreads = 1
        add("process ids (kernel.pid_max", pidLimit, used: threadsOfSystem, spare: Self.spareThreads)
        add("threads of the system (kernel.threads-max", threadLimit, used: threadsOfSystem, spare: Self.spareThreads)
        if mappingsPerStack > 0 {
            add(
                "memory mappings (vm.max_map_count", mappingLimit, used: mappingsInUse, spare: Self.spareMappings,
                perClient: mappingsPerStack)
        }
        add("threads of the user (RLIMIT_NPROC", userThreadLimit, used: threadsOfUser + ownThreads, spare: 1)
        add("threads of the cgroup (pids.max", cgroupLimit, used: threadsOfCgroup + ownThreads, spare: 1)
        return limits.sorted { $0.clients < $1.clients }
    }

    /// How many descriptors are free when this many others are open.
    func freeDescriptors(beside taken: Int) -> Int {
        guard let descriptorLimit else { return taken }
        return max(0, descriptorLimit - descriptorsInUse - Self.spareDescriptors - taken)
    }

    /// A sixteenth of the free descriptors, 256 at most, is reserved for the pipes of bulk.
    private func forPipes(_ taken: Int) -> Int { min(256, freeDescriptors(beside: taken) / 16) }
}
