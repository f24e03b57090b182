// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// What one run of a server goes by: what was asked for, as far as the machine has it.
struct ServingTerms {
    let limits: Limits
    let pipes: PipeBudget
    /// In what it is less than what was asked for: to be told of when the server begins to accept.
    var concessions: [ServerEvent]
    /// The limits as each connection keeps them.
    let idleNanoseconds: Int64
    let writeNanoseconds: Int64

    init(limits: Limits, pipes: PipeBudget, concessions: [ServerEvent]) {
        self.limits = limits
        self.pipes = pipes
        self.concessions = concessions
        idleNanoseconds = limits.idleTime?.clampedNanoseconds ?? .max
        writeNanoseconds = limits.writeTime?.clampedNanoseconds ?? .max
    }
}
