// SPDX-License-Identifier: Apache-2.0

/// What a server allows its clients. Every limit is on by default, except ``maximumAge``.
public struct Limits: Hashable, Sendable {
    /// How many clients are served at once. If the machine has resources for fewer, the server lowers the limit and
    /// reports ``ServerEvent/limitLowered(from:to:)``.
    public internal(set) var clients: Int
    /// How many clients from one source are served at once. A source is an IPv4 address, also one that is mapped into
    /// IPv6, or an IPv6 /64 network.
    public internal(set) var clientsPerSource: Int
    /// How long a client may send nothing while its handler reads; nil for no limit.
    public internal(set) var idleTimeout: Duration?
    /// How long a write may make no progress before the server disconnects the client; nil for no limit.
    ///
    /// The server notices it at most 200 ms and an eighth of the timeout too late. A peer that takes 1 byte now and
    /// then makes progress: only ``maximumAge`` ends it.
    public internal(set) var writeTimeout: Duration?
    /// How long a client may stay connected, even if it is active; nil, the default, for no limit.
    public internal(set) var maximumAge: Duration?
    /// What to do with new connections when the server is full.
    public internal(set) var whenFull: WhenFull

    /// What to do with new connections when the server is full.
    public enum WhenFull: String, CaseIterable, Sendable {
        // No case will be added: a new connection either waits or is closed.

        /// Leave them in the backlog until a client ends.
        case wait
        /// Close them at once.
        case reject
    }

    /// The default limits.
    public init() {
        (clients, clientsPerSource) = (10_000, 5_000)
        (idleTimeout, writeTimeout, maximumAge) = (.seconds(300), .seconds(30), nil)
        whenFull = .wait
    }

    /// The given limits: counts of 1 or more, times of more than 0 or nil. The others have their defaults.
    ///
    /// - Throws: ``NitkaError`` that says what is allowed.
    public init(
        clients: Int = Limits().clients, clientsPerSource: Int = Limits().clientsPerSource,
        idleTimeout: Duration? = Limits().idleTimeout, writeTimeout: Duration? = Limits().writeTimeout,
        maximumAge: Duration? = Limits().maximumAge, whenFull: WhenFull = .wait
    ) throws(NitkaError) {
        for (name, count) in [("clients", clients), ("clientsPerSource", clientsPerSource)] where count < 1 {
            throw NitkaError("set the limit", "\(name) to \(count)", .words("it must be 1 or more"))
        }
        let times = [("idleTimeout", idleTimeout), ("writeTimeout", writeTimeout), ("maximumAge", maximumAge)]
        for (name, time) in times {
            if let time, time <= .zero {
                throw NitkaError(
                    "set the limit", "\(name) to \(time)", .words("it must be more than 0, or nil for no limit"))
            }
        }
        self.clients = clients
        self.clientsPerSource = clientsPerSource
        self.idleTimeout = idleTimeout
        self.writeTimeout = writeTimeout
        self.maximumAge = maximumAge
        self.whenFull = whenFull
    }
}
