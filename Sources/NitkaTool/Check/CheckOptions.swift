// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
internal import Nitka
internal import NitkaCheck
internal import NitkaProbe

/// How a check is made, as options.
struct CheckOptions: ParsableArguments {
    @Option(
        help: .showing("Clients at once, in together and cross-talk.", Self.defaults.clients),
        transform: Quantity.count(1...10_000))
    var clients = defaults.clients

    @Option(
        help: .showing("Messages that each of them sends, in together.", Self.defaults.rounds),
        transform: Quantity.count(1...1000))
    var rounds = defaults.rounds

    @Option(
        help: .showing("Bytes in each of these messages.", Self.defaults.size), transform: Quantity.count(1...65_536))
    var size = defaults.size

    @Option(
        help: .showing("Bytes that are streamed, in integrity.", Size(bytes: Self.defaults.bulk)),
        transform: Quantity.size(1...(16 << 30)))
    var bulk = defaults.bulk

    @Option(
        help: .showing(
            "How long connecting or an answer may take; a stage may take fifteen times as long, 3 s at least.",
            Span(duration: Self.defaults.timeout)),
        transform: Quantity.duration(.milliseconds(10)...(.seconds(3600))))
    var timeout = Span(duration: defaults.timeout)

    @Option(
        help: "How long a connection is left silent, in idle, which is skipped without it.",
        transform: Quantity.duration(.milliseconds(10)...(.seconds(86_400))))
    var idle: Span?

    @Option(
        help: .showing("How often each stage is asked, until it fails.", Self.defaults.repeats),
        transform: Quantity.count(1...1000))
    var `repeat` = defaults.repeats

    @Option(
        help: "What the bytes that are sent are made from, to send the same again (default: another each time).",
        transform: Quantity.count(0...Int(UInt32.max)))
    var seed: Int?

    @Option(
        help: ArgumentHelp("Ask these stages only, with commas between them.", valueName: "stages"), transform: stages)
    var only: [CheckStage]?

    @Option(help: ArgumentHelp("Ask all stages but these.", valueName: "stages"), transform: stages)
    var skip: [CheckStage] = []

    @Option(help: "The path is to be blocked so: an open one is a failure.")
    var expect: EchoCheck.ExpectedBlock?

    private static let defaults = EchoCheck.Settings()

    func validate() throws {
        if skip.contains(.resolve) || skip.contains(.connect) {
            throw ValidationError("resolve and connect can't be skipped: all others stand on them.")
        }
    }

    var settings: EchoCheck.Settings {
        var settings = Self.defaults
        (settings.clients, settings.rounds, settings.size, settings.bulk) = (clients, rounds, size, bulk)
        (settings.repeats, settings.expected, settings.idle) = (`repeat`, expect, idle?.duration)
        if let timeout = timeout.duration { settings.timeout = timeout }
        if let seed { settings.seed = UInt64(seed) }
        settings.stages = Set(only ?? CheckStage.allCases).subtracting(skip)
        return settings
    }
}

extension CheckOptions {
    /// Those of `nitka serve`, wide enough for what is asked, for a server that is started here.
    func limitsOfOwn() throws(NitkaError) -> Limits {
        let clients = max(Limits().clients, clients + 16)
        let idleTimeout = Limits().idleTimeout.map { max($0, (idle?.duration ?? .zero) * 2) }
        return try Limits(clients: clients, clientsPerSource: clients, idleTimeout: idleTimeout)
    }
}

extension EchoCheck.ExpectedBlock: ExpressibleByArgument {}

/// Stages by their names.
@Sendable private func stages(_ text: String) throws -> [CheckStage] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
        guard let stage = CheckStage(rawValue: String(name)) else {
            let names = CheckStage.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("The stages are \(names).")
        }
        return stage
    }
}
