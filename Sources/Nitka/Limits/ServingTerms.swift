// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel

/// What one run of a server goes by: what was asked for, as far as the machine has it.
struct ServingTerms {
    let limits: Limits
    /// What the machine has too few of for all the clients that were asked for.
    let tightest: MachineLimit?
    let pipes: PipeBudget
    /// The limits as each connection keeps them.
    let idleNanoseconds: Int64
    let writeNanoseconds: Int64

    init(limits: Limits, loweredBy tightest: MachineLimit?, pipes: PipeBudget) {
        self.limits = limits
        self.tightest = tightest
        self.pipes = pipes
        idleNanoseconds = limits.idleTime?.clampedNanoseconds ?? .max
        writeNanoseconds = limits.writeTime?.clampedNanoseconds ?? .max
    }
}
