// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import NitkaCheck

/// All faulty servers that a check must find out.
enum Catalogue {
    static let all = blocking + corrupting + closing + interpreting

    /// Offsets past everything that the stage echo sends.
    private static let pastEcho = 1_200_000..<1_700_000
    /// Offsets past the message with every byte value, but within the bytes that the stage echo sends.
    private static let inEcho = 300..<300_000

    /// The offset of the last byte of the 64-byte message in the stage echo: after 1 byte, every byte value, the sizes
    /// below 64, and the other 63 bytes.
    private static let lastOfMessage = 1 + 256 + (1 + 2 + 3 + 7 + 8 + 9 + 63) + 64 - 1

    private static let blocking = [
        FaultyServer(name: "serves one client after another", findings: [.together: .waitsForOthers], model: .iterative)
        { _ in
            { client, _ in try client.forward(to: client) }
        },
        FaultyServer(name: "never answers", findings: [.echo: .noAnswer]) { _ in
            { client, _ in while try client.read() != nil {} }
        },
        FaultyServer(name: "stops reading", findings: [.integrity: .stalled], settings: largeBulk) { seed in
            let place = random(pastEcho, seed)
            return { client, latch in if try echo(client, first: place) != nil { latch.wait() } }
        },
        FaultyServer(name: "becomes very slow", findings: [.integrity: .tooSlow], settings: shortTimeout) { seed in
            let place = random(pastEcho, seed)
            return { client, _ in
                guard var bytes = try echo(client, first: place) else { return }
                let never = Monitor(false)
                repeat {
                    for byte in bytes {
                        try client.write([byte])
                        _ = never.wait(until: .now + .milliseconds(20)) { $0 ? true : nil }
                    }
                    bytes = try client.read() ?? []
                } while !bytes.isEmpty
            }
        },
        FaultyServer(
            name: "withholds the last bytes of a long stream", findings: [.integrity: .short, .halfClose: .short]
        ) { _ in
            { client, _ in
                guard var kept = try echo(client, first: 600_000) else { return }
                while let bytes = try client.read() {
                    kept += bytes
                    if kept.count <= 1000 { continue }
                    try client.write(Array(kept.dropLast(1000)))
                    kept = kept.suffix(1000)
                }
            }
        },
    ]

    private static let corrupting =
        // The fault is at the same offset of every connection: it shows in every stage that sends enough bytes.
        [("in a message", inEcho, [CheckStage.echo, .integrity, .halfClose]), ("in a stream", pastEcho, [.integrity])]
        .flatMap { place, range, stages in
            [
                FaultyServer(name: "drops bytes \(place)", findings: all(stages, .lost), possible: groupStages) {
                    seed in
                    let (place, count) = (random(range, seed), random(1..<40, seed))
                    return { client, _ in try echo(client, corrupting: place, count) { _ in [] } }
                },
                FaultyServer(
                    name: "sends bytes twice \(place)", findings: all(stages, .duplicated), possible: groupStages
                ) {
                    seed in
                    let place = random(range, seed)
                    return { client, _ in try echo(client, corrupting: place, 40) { $0 + $0 } }
                },
                FaultyServer(name: "changes a byte \(place)", findings: all(stages, .changed), possible: groupStages) {
                    seed in
                    let place = random(range, seed)
                    return { client, _ in try echo(client, corrupting: place) { $0.map { $0 ^ 0x20 } } }
                },
                FaultyServer(name: "adds bytes \(place)", findings: all(stages, .unsent), possible: groupStages) {
                    seed in
                    let place = random(range, seed)
                    return { client, _ in try echo(client, corrupting: place) { [1, 2, 3, 4, 5] + $0 } }
                },
            ]
        } + [
            // The 64-byte message: the client sends nothing more before it has the whole reply.
            FaultyServer(
                name: "drops the last byte of a message", findings: all([.echo, .integrity, .halfClose], .lost),
                possible: groupStages
            ) { _ in
                { client, _ in try echo(client, corrupting: lastOfMessage) { _ in [] } }
            },
            FaultyServer(name: "swaps two clients' bytes", findings: [.crossTalk: .foreign]) { seed in
                let (place, exchanger) = (random(20_000..<150_000, seed), Exchanger())
                return { client, _ in try echo(client, swapping: 64, after: place, exchanger) }
            },
        ]

    private static let closing = [
        FaultyServer(
            name: "closes early", findings: [.echo: .closedEarly], varied: streamStages, possible: groupStages
        ) { seed in
            let place = random(inEcho, seed)
            return { client, _ in _ = try echo(client, first: place) }
        },
        FaultyServer(
            name: "closes early with a reset", findings: [.echo: .reset, .close: .resetOnClose], varied: streamStages,
            possible: groupStages, resetsOnClose: true
        ) { seed in
            let place = random(inEcho, seed)
            return { client, _ in if try echo(client, first: place) != nil { client.closeAbruptly() } }
        },
        FaultyServer(name: "resets every connection", findings: [.echo: .reset], resetsOnClose: true) { _ in
            { client, _ in client.closeAbruptly() }
        },
        FaultyServer(
            name: "closes silent connections", findings: [.idle: .closedEarly], limits: shortIdleTimeout ?? Limits(),
            settings: withIdle
        ) { _ in
            { client, _ in try client.forward(to: client) }
        },
        FaultyServer(name: "closes with a reset", findings: [.close: .resetOnClose], resetsOnClose: true) { _ in
            { client, _ in
                try client.forward(to: client)
                client.waitUntilDelivered()
            }
        },
        FaultyServer(name: "ignores a half-close", findings: [.halfClose: .halfCloseIgnored, .close: .noEnd]) { _ in
            { client, latch in
                try client.forward(to: client)
                latch.wait()
            }
        },
    ]

    private static let interpreting = [
        FaultyServer(name: "replies only to complete lines", findings: [.echo: .linesOnly]) { _ in
            { client, _ in
                var line: [UInt8] = []
                while let bytes = try client.read() {
                    line += bytes
                    guard let end = line.lastIndex(of: 10) else { continue }
                    try client.write(Array(line[...end]))
                    line.removeSubrange(...end)
                }
            }
        },
        FaultyServer(
            name: "sends a question to silent clients", findings: [.idle: .unsent],
            possible: streamStages.union(groupStages), settings: withIdle
        ) { _ in
            { client, _ in
                client.connection.idleTimeout = .milliseconds(700)
                while true {
                    do throws(NitkaError) {
                        guard let bytes = try client.read() else { return }
                        try client.write(bytes)
                    } catch {
                        guard error.reason == .idleTimeout else { throw error }
                        try client.write(Array("still there?".utf8))
                    }
                }
            }
        },
        FaultyServer(name: "sends a greeting", findings: [.echo: .unsent]) { _ in
            { client, _ in
                try client.write(Array("220 ready\r\n".utf8))
                try client.forward(to: client)
            }
        },
        FaultyServer(
            name: "sends CR LF for LF", findings: [.echo: .changed], varied: streamStages.union(groupStages),
            possible: [.close],
            settings: longTimeout
        ) { _ in
            { client, _ in
                while let bytes = try client.read() { try client.write(bytes.flatMap { $0 == 10 ? [13, 10] : [$0] }) }
            }
        },
        FaultyServer(
            name: "drops bytes of value 255",
            findings: all([.integrity, .halfClose, .crossTalk], .lost).merging([.echo: .short]) { $1 },
            possible: [.together, .close], settings: longTimeout
        ) { _ in
            { client, _ in while let bytes = try client.read() { try client.write(bytes.filter { $0 != 255 }) } }
        },
        FaultyServer(name: "drops the first byte", findings: [.echo: .lost]) { _ in
            { client, _ in
                guard let bytes = try client.read() else { return }
                try client.write(Array(bytes.dropFirst()))
                try client.forward(to: client)
            }
        },
        FaultyServer(
            name: "drops bytes of value 0", findings: all([.echo, .integrity, .halfClose, .crossTalk], .lost),
            possible: [.together, .close], settings: longTimeout
        ) { _ in
            { client, _ in while let bytes = try client.read() { try client.write(bytes.filter { $0 != 0 }) } }
        },
    ]

    /// In these stages both directions are busy, so the writer may see a reset before the reader does.
    private static let streamStages: Set<CheckStage> = [.integrity, .halfClose]
    /// In these stages each client sends few bytes.
    private static let groupStages: Set<CheckStage> = [.together, .crossTalk]

    private static func all(_ stages: [CheckStage], _ reason: CheckReason) -> FaultyServer.Findings {
        Dictionary(uniqueKeysWithValues: stages.map { ($0, reason) })
    }

    private static func random(_ range: Range<Int>, _ seed: UInt64) -> Int {
        var generator = LinearCongruentialGenerator(state: seed)
        return Int.random(in: range, using: &generator)
    }

    /// More bytes than the kernel's buffers hold.
    private static let largeBulk = changed { $0.bulk = 16 << 20 }
    /// A short timeout, because the stage's time limit is 15 times as long.
    private static let shortTimeout = changed { $0.timeout = .milliseconds(200) }
    /// A timeout that many clients do not exceed on a busy machine, for faults that do not show as silence.
    private static let longTimeout = changed { $0.timeout = .milliseconds(1500) }
    private static let withIdle = changed { $0.idle = .milliseconds(1500) }
    private static let shortIdleTimeout = try? Limits(idleTimeout: .milliseconds(600))

    private static func changed(_ change: (inout EchoCheck.Settings) -> Void) -> EchoCheck.Settings {
        var settings = FaultyServer.quick
        change(&settings)
        return settings
    }
}
