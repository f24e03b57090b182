// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// The limits in force for one run of a server: those that were asked for, as far as the machine has the means.
struct EffectiveLimits {
    let limits: Limits
    let pipes: PipePool
    /// The limit of the machine that lowers the number of clients; nil when none does.
    let lowering: MachineLimit?

    /// - Parameters:
    ///   - hasThreadPerClient: the model creates a thread for each client.
    ///   - descriptors: how many descriptors the model itself opens.
    /// - Throws: the limit of the machine that has the means for no client at all.
    init(_ wanted: Limits, hasThreadPerClient: Bool, descriptors: Int) throws(MachineLimit) {
        let pipesForAll = Pipe.descriptors * min(wanted.clients, 1024)
        ProcessLimit.descriptors.raise(to: wanted.clients + pipesForAll + 64)
        let machine = MachineReading.now()
        var limits = wanted
        let tightest = machine.limits(threadEach: hasThreadPerClient, descriptors: descriptors).first
        if let tightest, tightest.clients == 0 { throw tightest }
        lowering = tightest.flatMap { $0.clients < wanted.clients ? $0 : nil }
        if let lowering { limits.clients = lowering.clients }
        self.limits = limits
        pipes = PipePool(descriptors: machine.freeDescriptors(beside: limits.clients + descriptors))
    }
}

extension MachineLimit: Error {}
