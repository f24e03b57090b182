// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
internal import Nitka
internal import NitkaCheck
internal import NitkaProbe

/// The options of `nitka check` that become its settings.
struct CheckOptions: ParsableArguments {
    @Option(
        "Number of clients connected at the same time, in the stages 'together' and 'cross-talk'.",
        in: .count(1...10_000))
    var clients = defaults.clients

    @Option("Messages per client, in the stage 'together'.", in: .count(1...1000))
    var rounds = defaults.rounds

    @Option("Bytes per message, in the stage 'together'.", in: .count(1...65_536))
    var size = defaults.size

    @Option("Bytes to stream, in the stage 'integrity'.", in: .size(1...(16 << 30)))
    var bulk = defaults.bulk

    @Option(
        """
        Time limit of a connection attempt and of a reply. A whole stage may take 15 times as long, and at least 3s.
        """,
        in: .duration(.milliseconds(10)...(.seconds(3600))))
    var timeout = DurationArgument(duration: defaults.timeout)

    @Option(
        "How long to keep a connection silent, in the stage 'idle'.",
        in: .duration(.milliseconds(10)...(.seconds(86_400))), default: "skip the stage")
    var idle: DurationArgument?

    @Option("Number of times to run each stage. The first failure ends the stage.", in: .count(1...1000))
    var `repeat` = defaults.repeats

    @Option(
        "Seed of the bytes to send; the same seed gives the same bytes.", in: .count(0...Int(UInt32.max)),
        default: "random")
    var seed: Int?

    @Option(
        help: ArgumentHelp("Run only these stages, separated by commas. (default: all)", valueName: "stages"),
        transform: stages)
    var only: [CheckStage]?

    @Option(
        help: ArgumentHelp("Skip these stages, separated by commas. (default: none)", valueName: "stages"),
        transform: stages)
    var skip: [CheckStage] = []

    @Flag(
        help: """
            Fail if any address of the name accepts no connections or does not echo. (default: one address is enough)
            """)
    var allAddresses = false

    @Option(help: "Pass only if the path blocks connections in this way.")
    var expect: EchoCheck.ExpectedBlock?

    private static let defaults = EchoCheck.Settings()

    func validate() throws {
        if skip.contains(.resolve) || skip.contains(.connect) {
            throw ValidationError("Can't skip resolve or connect: every other stage needs them.")
        }
        if allAddresses, expect != nil {
            throw ValidationError("--expect already requires that every address is blocked: omit --all-addresses.")
        }
    }

    var settings: EchoCheck.Settings {
        var settings = Self.defaults
        (settings.clients, settings.rounds, settings.size, settings.bulk) = (clients, rounds, size, bulk)
        (settings.repeats, settings.expected, settings.idle) = (`repeat`, expect, idle?.duration)
        settings.requiresAllAddresses = allAddresses
        if let timeout = timeout.duration { settings.timeout = timeout }
        if let seed { settings.seed = UInt64(seed) }
        settings.stages = Set(only ?? CheckStage.allCases).subtracting(skip)
        return settings
    }
}

extension CheckOptions {
    /// The limits of the server that `check` starts: the defaults of `nitka serve`, raised where the check needs it.
    func serverLimits() throws(NitkaError) -> Limits {
        let clients = max(Limits().clients, clients + 16)
        let idleTimeout = Limits().idleTimeout.map { max($0, (idle?.duration ?? .zero) * 2) }
        return try Limits(clients: clients, clientsPerSource: clients, idleTimeout: idleTimeout)
    }
}

extension EchoCheck.ExpectedBlock: ExpressibleByArgument {}

/// Parses the names of stages, separated by commas.
@Sendable private func stages(_ text: String) throws -> [CheckStage] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
        guard let stage = CheckStage(rawValue: String(name)) else {
            let names = CheckStage.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("The stages are \(names).")
        }
        return stage
    }
}
