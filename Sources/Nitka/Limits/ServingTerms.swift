// SPDX-License-Identifier: Apache-2.0

/// What one run of a server goes by: what was asked for, as far as the machine has it.
struct ServingTerms {
    let limits: Limits
    let pipes: PipeBudget
}
