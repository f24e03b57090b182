// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import NitkaCheck

/// All kinds of servers that are wrong.
enum Catalogue {
    static let all = waiting + spoiling + ending + talking

    /// Past everything that the stage echo sends.
    private static let pastEcho = 1_200_000..<1_700_000
    /// Past the message with every byte value, and before the end of what the stage sends.
    private static let inEcho = 300..<300_000

    /// Where the stage echo has sent a byte, every value, the sizes before 64, and 64 bytes, but for one.
    private static let lastOfMessage = 1 + 256 + (1 + 2 + 3 + 7 + 8 + 9 + 63) + 64 - 1

    private static let waiting = [
        Misbehaviour(name: "serves one client after another", findings: [.together: .waitsForOthers], model: .iterative)
        { _ in
            { client, _ in try client.forward(to: client) }
        },
        Misbehaviour(name: "never answers", findings: [.echo: .noAnswer]) { _ in
            { client, _ in while try client.read() != nil {} }
        },
        Misbehaviour(name: "stops reading", findings: [.integrity: .stalled], settings: bulky) { seed in
            let place = random(pastEcho, seed)
            return { client, release in if try echo(client, first: place) != nil { release.wait() } }
        },
        Misbehaviour(name: "becomes very slow", findings: [.integrity: .tooSlow], settings: hasty) { seed in
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
        Misbehaviour(name: "keeps the last bytes of a long stream", findings: [.integrity: .short, .halfClose: .short])
        { _ in
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

    private static let spoiling =
        // What is spoilt at a place of every connection is spoilt in every stage that sends as much.
        [("in a message", inEcho, [CheckStage.echo, .integrity, .halfClose]), ("in a stream", pastEcho, [.integrity])]
        .flatMap { place, range, stages in
            [
                Misbehaviour(name: "drops bytes \(place)", findings: all(stages, .lost), possible: many) { seed in
                    let (place, count) = (random(range, seed), random(1..<40, seed))
                    return { client, _ in try echo(client, spoiling: place, count) { _ in [] } }
                },
                Misbehaviour(name: "sends bytes twice \(place)", findings: all(stages, .duplicated), possible: many) {
                    seed in
                    let place = random(range, seed)
                    return { client, _ in try echo(client, spoiling: place, 40) { $0 + $0 } }
                },
                Misbehaviour(name: "changes a byte \(place)", findings: all(stages, .changed), possible: many) { seed in
                    let place = random(range, seed)
                    return { client, _ in try echo(client, spoiling: place) { $0.map { $0 ^ 0x20 } } }
                },
                Misbehaviour(name: "adds bytes \(place)", findings: all(stages, .unsent), possible: many) { seed in
                    let place = random(range, seed)
                    return { client, _ in try echo(client, spoiling: place) { [1, 2, 3, 4, 5] + $0 } }
                },
            ]
        } + [
            // Of the message of 64 bytes, after which nobody says anything until it is answered whole.
            Misbehaviour(
                name: "drops the last byte of a message", findings: all([.echo, .integrity, .halfClose], .lost),
                possible: many
            ) { _ in
                { client, _ in try echo(client, spoiling: lastOfMessage) { _ in [] } }
            },
            Misbehaviour(name: "swaps two clients' bytes", findings: [.crossTalk: .foreign]) { seed in
                let (place, exchange) = (random(20_000..<150_000, seed), Exchange())
                return { client, _ in try echo(client, swapping: 64, after: place, exchange) }
            },
        ]

    private static let ending = [
        Misbehaviour(
            name: "closes early", findings: [.echo: .closedEarly], varied: streams, possible: many
        ) { seed in
            let place = random(inEcho, seed)
            return { client, _ in _ = try echo(client, first: place) }
        },
        Misbehaviour(
            name: "closes early with a reset", findings: [.echo: .reset, .close: .resetOnClose], varied: streams,
            possible: many, resetsOnClose: true
        ) { seed in
            let place = random(inEcho, seed)
            return { client, _ in if try echo(client, first: place) != nil { client.drop() } }
        },
        Misbehaviour(name: "resets who comes", findings: [.echo: .reset], resetsOnClose: true) { _ in
            { client, _ in client.drop() }
        },
        Misbehaviour(
            name: "closes who is silent", findings: [.idle: .closedEarly], limits: impatient, settings: silent
        ) { _ in
            { client, _ in try client.forward(to: client) }
        },
        Misbehaviour(name: "closes with a reset", findings: [.close: .resetOnClose], resetsOnClose: true) { _ in
            { client, _ in
                try client.forward(to: client)
                client.waitUntilDelivered()
            }
        },
        Misbehaviour(name: "ignores a half-close", findings: [.halfClose: .halfCloseIgnored, .close: .noEnd]) { _ in
            { client, release in
                try client.forward(to: client)
                release.wait()
            }
        },
    ]

    private static let talking = [
        Misbehaviour(name: "answers lines only", findings: [.echo: .linesOnly]) { _ in
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
        Misbehaviour(
            name: "asks who is silent", findings: [.idle: .unsent], possible: streams.union(many), settings: silent
        ) { _ in
            { client, _ in
                client.connection.readTimeout = .milliseconds(700)
                while true {
                    do throws(NitkaError) {
                        guard let bytes = try client.read() else { return }
                        try client.write(bytes)
                    } catch {
                        guard error.reason == .idle else { throw error }
                        try client.write(Array("still there?".utf8))
                    }
                }
            }
        },
        Misbehaviour(name: "greets", findings: [.echo: .unsent]) { _ in
            { client, _ in
                try client.write(Array("220 ready\r\n".utf8))
                try client.forward(to: client)
            }
        },
        Misbehaviour(
            name: "sends CR LF for LF", findings: [.echo: .changed], varied: streams.union(many), possible: [.close],
            settings: calm
        ) { _ in
            { client, _ in
                while let bytes = try client.read() { try client.write(bytes.flatMap { $0 == 10 ? [13, 10] : [$0] }) }
            }
        },
        Misbehaviour(
            name: "drops bytes of value 255",
            findings: all([.integrity, .halfClose, .crossTalk], .lost).merging([.echo: .short]) { $1 },
            possible: [.together, .close], settings: calm
        ) { _ in
            { client, _ in while let bytes = try client.read() { try client.write(bytes.filter { $0 != 255 }) } }
        },
        Misbehaviour(name: "drops the first byte", findings: [.echo: .lost]) { _ in
            { client, _ in
                guard let bytes = try client.read() else { return }
                try client.write(Array(bytes.dropFirst()))
                try client.forward(to: client)
            }
        },
        Misbehaviour(
            name: "drops bytes of value 0", findings: all([.echo, .integrity, .halfClose, .crossTalk], .lost),
            possible: [.together, .close], settings: calm
        ) { _ in
            { client, _ in while let bytes = try client.read() { try client.write(bytes.filter { $0 != 0 }) } }
        },
    ]

    /// Where both directions are busy, the one that writes may be told of a reset before the one that reads.
    private static let streams: Set<CheckStage> = [.integrity, .halfClose]
    /// Those in which clients send little, each.
    private static let many: Set<CheckStage> = [.together, .crossTalk]

    private static func all(_ stages: [CheckStage], _ reason: CheckReason) -> Misbehaviour.Findings {
        Dictionary(uniqueKeysWithValues: stages.map { ($0, reason) })
    }

    private static func random(_ range: Range<Int>, _ seed: UInt64) -> Int {
        var dice = Dice(state: seed)
        return Int.random(in: range, using: &dice)
    }

    /// More than the kernel's buffers hold.
    private static let bulky = changed { $0.bulk = 16 << 20 }
    /// The stage's limit is fifteen times as long.
    private static let hasty = changed { $0.timeout = .milliseconds(200) }
    /// Long enough for many clients at once on a busy machine, where what is wrong is not found by silence.
    private static let calm = changed { $0.timeout = .milliseconds(1500) }
    private static let silent = changed { $0.idle = .milliseconds(1500) }
    private static let impatient: Limits = {
        var limits = Limits()
        limits.idleTime = .milliseconds(600)
        return limits
    }()

    private static func changed(_ change: (inout EchoCheck.Settings) -> Void) -> EchoCheck.Settings {
        var settings = Misbehaviour.quick
        change(&settings)
        return settings
    }
}
