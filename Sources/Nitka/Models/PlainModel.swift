// SPDX-License-Identifier: Apache-2.0

/// Which thread carries a client whose handler is a plain function.
public enum PlainModel: String, CaseIterable, Sendable {
    /// The accepting thread itself, one client after another: while one is served, all others wait.
    case iterative
    /// A new kernel thread for each client, made for it and gone with it.
    case threads
}
