// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import Nitka

extension Limits.WhenFull: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}

/// The options of `nitka serve` that become the server's limits.
struct LimitOptions: ParsableArguments {
    @Option(
        "Maximum number of clients served at the same time. The server lowers it if the machine lacks resources.",
        in: .count(1...1_000_000))
    var maxClients = Limits().clients

    @Option(
        "Maximum number of clients served at the same time from one IPv4 address or one IPv6 /64 network.",
        in: .count(1...1_000_000))
    var maxClientsPerSource = Limits().clientsPerSource

    @Option(
        help: """
            What to do with new connections when the server is full: `wait` leaves them in the backlog, `reject` \
            closes them.
            """)
    var whenFull = Limits().whenFull

    @Option(
        "How long a client may send nothing before the server disconnects it.",
        in: .duration(.milliseconds(1)...(.seconds(31_536_000)), canBeOff: true))
    var idleTimeout = DurationArgument(duration: Limits().idleTimeout)

    @Option(
        "How long a write may make no progress before the server disconnects the client.",
        in: .duration(.milliseconds(1)...(.seconds(31_536_000)), canBeOff: true))
    var writeTimeout = DurationArgument(duration: Limits().writeTimeout)

    @Option(
        "How long a client may stay connected, even if it is active.",
        in: .duration(.milliseconds(1)...(.seconds(31_536_000)), canBeOff: true))
    var maxAge = DurationArgument(duration: Limits().maximumAge)

    func limits() throws(NitkaError) -> Limits {
        try Limits(
            clients: maxClients, clientsPerSource: maxClientsPerSource, idleTimeout: idleTimeout.duration,
            writeTimeout: writeTimeout.duration, maximumAge: maxAge.duration, whenFull: whenFull)
    }
}
