// SPDX-License-Identifier: Apache-2.0

/// Why a stage failed or was skipped, as a code that programs may rely on: `refused`, `lost`, `not-asked`.
public struct CheckReason: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The code.
    public let rawValue: String

    /// A reason with a code.
    public init(rawValue: String) { self.rawValue = rawValue }

    private init(_ code: String) { rawValue = code }

    /// The code.
    public var description: String { rawValue }
}

/// Of a path.
extension CheckReason {
    /// The name has no address.
    public static let notFound = CheckReason("not-found")
    /// The connection was refused: the host answers, and nobody listens there.
    public static let refused = CheckReason("refused")
    /// No answer to the connection attempt, or to the question for the name.
    public static let timedOut = CheckReason("timed-out")
    /// A router, or this machine, says that there is no way to the host.
    public static let unreachable = CheckReason("unreachable")
    /// The connection was reset.
    public static let reset = CheckReason("reset")
    /// This machine does not let us, by a rule of its firewall perhaps.
    public static let notPermitted = CheckReason("not-permitted")
    /// A system call failed in a way that has no code of its own; the sentence says which.
    public static let failed = CheckReason("failed")
    /// The path was to be blocked, and is not.
    public static let notBlocked = CheckReason("not-blocked")
    /// The path is blocked, in another way than it was to be.
    public static let blockedOtherwise = CheckReason("blocked-otherwise")
}

/// Of a server.
extension CheckReason {
    /// Nothing came back.
    public static let noAnswer = CheckReason("no-answer")
    /// A part came back, and nothing after it.
    public static let short = CheckReason("short")
    /// Bytes are missing in the middle: what was sent after them came back.
    public static let lost = CheckReason("lost")
    /// Bytes came back twice.
    public static let duplicated = CheckReason("duplicated")
    /// Bytes came back as others.
    public static let changed = CheckReason("changed")
    /// Bytes of another client came.
    public static let foreign = CheckReason("foreign")
    /// Bytes came that no client sent.
    public static let unsent = CheckReason("unsent")
    /// A client is served only when another has left.
    public static let waitsForOthers = CheckReason("waits-for-others")
    /// The server ended the stream while the client was still talking.
    public static let closedEarly = CheckReason("closed-early")
    /// Everything came back, and no end after it, though the client had ended its sending side.
    public static let halfCloseIgnored = CheckReason("half-close-ignored")
    /// The server took no more bytes.
    public static let stalled = CheckReason("stalled")
    /// Nothing comes back before the end of a line.
    public static let linesOnly = CheckReason("lines-only")
    /// The server ended the connection with a reset when everything was said.
    public static let resetOnClose = CheckReason("reset-on-close")
    /// The server did not end the connection when everything was said.
    public static let noEnd = CheckReason("no-end")
    /// The right bytes came, and later than they may: after a silence, or past the stage's time limit.
    public static let tooSlow = CheckReason("too-slow")
}

/// Of a stage that was skipped.
extension CheckReason {
    /// It was not asked for.
    public static let notAsked = CheckReason("not-asked")
    /// An earlier stage failed, without which this one can't be judged.
    public static let notReached = CheckReason("not-reached")
    /// The path is blocked, as it was to be.
    public static let blocked = CheckReason("blocked")
    /// This machine gives no more threads.
    public static let noThread = CheckReason("no-thread")
    /// This machine has no more descriptors, ports or memory for a connection.
    public static let noResources = CheckReason("no-resources")
    /// The task that ran the check was cancelled.
    public static let cancelled = CheckReason("cancelled")
    /// The check was ended early, by ``CheckInterruption``.
    public static let interrupted = CheckReason("interrupted")
}

extension CheckReason {
    /// Those of this machine: they say nothing about the path.
    static let ofThisMachine: Set<CheckReason> = [.noThread, .noResources]
    /// Those of whoever runs the check.
    static let ofTheUser: Set<CheckReason> = [.cancelled, .interrupted]
}
