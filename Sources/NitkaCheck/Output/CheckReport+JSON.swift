// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Nitka

extension CheckReport {
    /// The report as JSON: keys in alphabetical order, a newline at the end; texts are escaped as ``Nitka/EscapedText`` is.
    public func json() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // What it refuses are numbers that are none, and a duration is one.
        guard let data = try? encoder.encode(CheckDocument(self)) else {
            preconditionFailure("a time that is no number")
        }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}

/// The keys of the JSON, which stay.
private struct CheckDocument: Encodable {
    let format = "nitka-check"
    let version = 1
    let address: String
    let verdict: String
    let seed: UInt64
    let clients: Int
    let durationSeconds: Double
    let stages: [Stage]

    enum CodingKeys: String, CodingKey {
        case format, version, address, verdict, seed, clients, stages
        case durationSeconds = "duration_s"
    }

    struct Stage: Encodable {
        let stage: String
        let outcome: String
        let reason: String?
        let finding: String
        let durationSeconds: Double

        enum CodingKeys: String, CodingKey {
            case stage, outcome, reason, finding
            case durationSeconds = "duration_s"
        }

        /// By hand: a reason that there is not is null, and its key stays.
        func encode(to encoder: any Encoder) throws {
            var keys = encoder.container(keyedBy: CodingKeys.self)
            try keys.encode(stage, forKey: .stage)
            try keys.encode(outcome, forKey: .outcome)
            try keys.encode(reason, forKey: .reason)
            try keys.encode(finding, forKey: .finding)
            try keys.encode(durationSeconds, forKey: .durationSeconds)
        }
    }

    init(_ report: CheckReport) {
        address = report.endpoint.description
        verdict = report.verdict.rawValue
        seed = report.seed
        clients = report.clients
        durationSeconds = report.duration / .seconds(1)
        stages = report.stages.map { stage in
            Stage(
                stage: stage.stage.rawValue, outcome: stage.outcome.rawValue, reason: stage.reason?.rawValue,
                finding: EscapedText(stage.finding, limit: 400).description,
                durationSeconds: stage.duration / .seconds(1))
        }
    }
}
