// SPDX-License-Identifier: Apache-2.0

/// One thing that the machine has only so many of, and how many clients it is enough for.
public struct MachineLimit: Hashable, Sendable, CustomStringConvertible {
    /// What there is only so much of, with where it is set: `descriptors (RLIMIT_NOFILE 1024)`.
    public let name: String
    /// How many clients it is enough for.
    public let clients: Int

    /// `52 clients by descriptors (RLIMIT_NOFILE 64)`.
    public var description: String { "\(clients) clients by \(name)" }
}

/// What the machine had when the server started. A plain value: what it allows is worked out without asking again.
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

    /// Descriptors that are kept back: for accepting one more than is served, for the log, for reading /proc.
    static let spareDescriptors = 8
    /// Threads that are kept back: for everybody else on the machine.
    static let spareThreads = 64
    /// Mappings that are kept back: for memory that the C library asks for.
    static let spareMappings = 512

    /// The limits that bind clients, the tightest first. Of what is kept back one client may have something, where nobody
    /// could be served else.
    ///
    /// - Parameters:
    ///   - threadEach: does every client have a thread of its own?
    ///   - descriptors: what the model itself will open.
    func limits(threadEach: Bool, descriptors: Int = 0) -> [MachineLimit] {
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
        guard threadEach else { return limits }
        // The one that sees a drain through is still to be made.
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

    /// How many descriptors are left when so many others are taken.
    func freeDescriptors(beside taken: Int) -> Int {
        guard let descriptorLimit else { return taken }
        return max(0, descriptorLimit - descriptorsInUse - Self.spareDescriptors - taken)
    }

    /// A sixteenth of what there is, and no more than 128 pipes need, is kept from the clients for streams.
    private func forPipes(_ taken: Int) -> Int { min(256, freeDescriptors(beside: taken) / 16) }
}
