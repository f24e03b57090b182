// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import Nitka

extension PlainModel: ExpressibleByArgument {}
extension Limits.WhenFull: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}

/// What a server allows its clients, as options.
struct LimitOptions: ParsableArguments {
    @Option(help: "Clients served at once; the machine may lower it.", transform: Quantity.count(1...1_000_000))
    var maxClients = Limits().clients

    @Option(
        help: "Clients served at once from one IPv4 address, or one IPv6 network of 64 bits.",
        transform: Quantity.count(1...1_000_000))
    var maxClientsPerSource = Limits().clientsPerSource

    @Option(help: "What becomes of who comes when the server is full.")
    var whenFull = Limits().whenFull

    @Option(
        help: "How long a client may send nothing, or off.",
        transform: Quantity.duration(.milliseconds(1)...(.seconds(31_536_000)), canBeOff: true))
    var idleTimeout = Span(duration: Limits().idleTime)

    @Option(
        help: "How long a client may take nothing of what is sent to it, or off.",
        transform: Quantity.duration(.milliseconds(1)...(.seconds(31_536_000)), canBeOff: true))
    var writeTimeout = Span(duration: Limits().writeTime)

    @Option(
        help: "How long a client may stay, however busy it is, or off.",
        transform: Quantity.duration(.milliseconds(1)...(.seconds(31_536_000)), canBeOff: true))
    var maxAge = Span(duration: Limits().age)

    var limits: Limits {
        var limits = Limits()
        limits.clients = maxClients
        limits.clientsPerSource = maxClientsPerSource
        limits.whenFull = whenFull
        limits.idleTime = idleTimeout.duration
        limits.writeTime = writeTimeout.duration
        limits.age = maxAge.duration
        return limits
    }
}
