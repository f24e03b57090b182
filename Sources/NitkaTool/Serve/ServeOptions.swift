// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import Nitka

extension Limits.WhenFull: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}

/// What a server allows its clients, as options.
struct LimitOptions: ParsableArguments {
    @Option(
        help: .showing(
            "Clients served at once; the machine may lower it.", Limits().clients),
        transform: Quantity.count(1...1_000_000))
    var maxClients = Limits().clients

    @Option(
        help: .showing(
            "Clients served at once from one IPv4 address, or one IPv6 network of 64 bits.", Limits().clientsPerSource),
        transform: Quantity.count(1...1_000_000))
    var maxClientsPerSource = Limits().clientsPerSource

    @Option(help: "What becomes of who comes when the server is full.")
    var whenFull = Limits().whenFull

    @Option(
        help: .showing(
            "How long a client may send nothing, or off.", Span(duration: Limits().idleTimeout)),
        transform: Quantity.duration(.milliseconds(1)...(.seconds(31_536_000)), canBeOff: true))
    var idleTimeout = Span(duration: Limits().idleTimeout)

    @Option(
        help: .showing(
            "How long a client may take nothing while more is to be sent, or off.",
            Span(duration: Limits().writeTimeout)),
        transform: Quantity.duration(.milliseconds(1)...(.seconds(31_536_000)), canBeOff: true))
    var writeTimeout = Span(duration: Limits().writeTimeout)

    @Option(
        help: .showing(
            "How long a client may stay, however busy it is, or off.", Span(duration: Limits().maximumAge)),
        transform: Quantity.duration(.milliseconds(1)...(.seconds(31_536_000)), canBeOff: true))
    var maxAge = Span(duration: Limits().maximumAge)

    func limits() throws(NitkaError) -> Limits {
        try Limits(
            clients: maxClients, clientsPerSource: maxClientsPerSource, idleTimeout: idleTimeout.duration,
            writeTimeout: writeTimeout.duration, maximumAge: maxAge.duration, whenFull: whenFull)
    }
}
