// SPDX-License-Identifier: Apache-2.0

/// Which thread carries a client whose handler is a plain function.
public enum PlainModel: String, CaseIterable, Sendable {
    /// The accepting thread itself, one client after another: while one is served, all others wait.
    case iterative
    /// A new kernel thread for each client, made for it and gone with it.
    ///
    /// Where more clients talk than there are cores, a read gives its core to the others before it asks for the next
    /// message, see sched_yield(2). That stops for a while where other programs, or handlers that compute, are found to
    /// take much of the cores. A handler that always reads just as many bytes as it has room for never does it.
    case threads
}
