// SPDX-License-Identifier: Apache-2.0

/// What a server allows its clients. All limits are on unless switched off by name.
public struct Limits: Hashable, Sendable {
    /// How many clients are served at once; 1 or more. The machine may allow fewer: then the server lowers it.
    public var clients = 10_000
    /// How many clients of one source address are served at once; 1 or more. An IPv4 address is one source, mapped
    /// into IPv6 or not; of IPv6 it is a network of 64 bits, since one customer has as many addresses of it as they like.
    public var clientsPerSource = 5_000
    /// How long a client may send nothing while its handler waits for it; nil for as long as it likes.
    public var idleTime: Duration? = .seconds(300)
    /// How long a client may take nothing while its handler writes to it; nil for as long as it likes. It is noticed
    /// about an eighth of that too late at most. One that takes a byte now and then is never stalled: ``age`` ends it.
    public var writeTime: Duration? = .seconds(30)
    /// How long a client may stay, however busy; nil for as long as it likes. One that drips a byte now and then
    /// is never idle: this ends it.
    public var age: Duration?
    /// What becomes of who comes when the server is full.
    public var whenFull: WhenFull = .wait

    /// The defaults.
    public init() {}

    /// What becomes of who comes when the server is full.
    public enum WhenFull: String, CaseIterable, Sendable {
        /// They wait in the kernel's queue, connected as far as they can see, until a client leaves.
        case wait
        /// They are closed at once.
        case reject
    }
}
