// SPDX-License-Identifier: Apache-2.0

/// The reason why a stage failed or was skipped. Codes such as `refused`, `lost` and `not-asked` are stable.
public struct CheckReason: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The code, in lower case with hyphens.
    public let rawValue: String

    /// Creates a reason from its code.
    public init(rawValue: String) { self.rawValue = rawValue }

    private init(_ code: String) { rawValue = code }

    /// The code.
    public var description: String { rawValue }
}

/// Reasons that concern the path.
extension CheckReason {
    /// The name has no address.
    public static let notFound = CheckReason("not-found")
    /// The host refused the connection: nothing listens on the port.
    public static let refused = CheckReason("refused")
    /// A connection attempt or a name lookup got no answer.
    public static let timedOut = CheckReason("timed-out")
    /// A router or this machine reported that no route leads to the host.
    public static let unreachable = CheckReason("unreachable")
    /// The connection was reset.
    public static let reset = CheckReason("reset")
    /// This machine does not permit the connection, for example because of a firewall rule.
    public static let notPermitted = CheckReason("not-permitted")
    /// A system call failed with an error that has no code of its own; the finding names the error.
    public static let failed = CheckReason("failed")
    /// The path is open, but the check expected it to be blocked.
    public static let notBlocked = CheckReason("not-blocked")
    /// At least one address of the name accepts no connections, and the check required all of them to.
    public static let deadAddress = CheckReason("dead-address")
    /// The path is blocked, but not in the expected way.
    public static let blockedOtherwise = CheckReason("blocked-otherwise")
}

/// Reasons that concern the server.
extension CheckReason {
    /// Nothing came back.
    public static let noAnswer = CheckReason("no-answer")
    /// Some bytes came back, and nothing after them.
    public static let short = CheckReason("short")
    /// Bytes are missing, but bytes that were sent after them came back.
    public static let lost = CheckReason("lost")
    /// Bytes came back twice.
    public static let duplicated = CheckReason("duplicated")
    /// Bytes came back with other values.
    public static let changed = CheckReason("changed")
    /// Bytes of another client arrived.
    public static let foreign = CheckReason("foreign")
    /// Bytes arrived that no client sent.
    public static let unsent = CheckReason("unsent")
    /// A client is served only after another one has closed its connection.
    public static let waitsForOthers = CheckReason("waits-for-others")
    /// The server ended the stream before the client did.
    public static let closedEarly = CheckReason("closed-early")
    /// Everything came back after the client's half-close, but the server did not end the stream.
    public static let halfCloseIgnored = CheckReason("half-close-ignored")
    /// The server stopped reading: writes make no progress.
    public static let stalled = CheckReason("stalled")
    /// The server replies only to complete lines.
    public static let linesOnly = CheckReason("lines-only")
    /// After the last reply, the server ended the connection with a reset.
    public static let resetOnClose = CheckReason("reset-on-close")
    /// After the last reply and the client's half-close, the server did not end the connection.
    public static let noEnd = CheckReason("no-end")
    /// The right bytes arrived too late: after the timeout, or not all within the stage's time limit.
    public static let tooSlow = CheckReason("too-slow")
}

/// Reasons for a skipped stage.
extension CheckReason {
    /// The settings do not include the stage.
    public static let notAsked = CheckReason("not-asked")
    /// The stage cannot be judged because an earlier stage failed.
    public static let notReached = CheckReason("not-reached")
    /// The path is blocked, as expected.
    public static let blocked = CheckReason("blocked")
    /// This machine cannot create more threads.
    public static let noThread = CheckReason("no-thread")
    /// This machine has no descriptors, ports or memory left for a connection.
    public static let noResources = CheckReason("no-resources")
    /// The task that ran the check was cancelled.
    public static let cancelled = CheckReason("cancelled")
    /// A ``CheckInterruption`` ended the check early.
    public static let interrupted = CheckReason("interrupted")
}

extension CheckReason {
    /// Reasons that concern this machine, and therefore say nothing about the path.
    static let ofThisMachine: Set<CheckReason> = [.noThread, .noResources]
    /// Findings of the stage connect about a path on which connections are possible.
    static let ofOpenPaths: Set<CheckReason> = [.notBlocked, .blockedOtherwise, .deadAddress]
    /// Reasons that the caller of the check caused.
    static let ofTheCaller: Set<CheckReason> = [.cancelled, .interrupted]
}
