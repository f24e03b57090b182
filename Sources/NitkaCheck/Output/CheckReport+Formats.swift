// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Nitka
internal import NitkaProbe

extension CheckReport {
    /// The report as JSON, with sorted keys and a newline at the end.
    ///
    /// The findings are whole, and escaped only as JSON requires. Characters that could control a terminal are written
    /// as `\u009b`.
    public func json() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // The encoder rejects only NaN and infinity, and a duration is neither.
        guard let data = try? encoder.encode(CheckDocument(self)) else {
            preconditionFailure("a duration is not a finite number")
        }
        return MachineText.harmless(json: String(decoding: data, as: UTF8.self)) + "\n"
    }
}

extension CheckReport {
    /// The report as JUnit XML, with one test case for each stage.
    ///
    /// GitLab shows the text of a failure, not its attributes, and groups by `classname`; Jenkins shows both. So the
    /// finding is in both places, and the class name contains the address.
    public func junit() -> String {
        let skipped = stages.count { $0.outcome == .skipped }
        let suite =
            "tests=\"\(stages.count)\" failures=\"\(failures.count)\" errors=\"0\" skipped=\"\(skipped)\" "
            + "time=\"\(Self.seconds(duration))\" timestamp=\"\(began)\""
        let name = "nitka check \(Markup.foreign(endpoint.description))"
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites>
              <testsuite name="\(name)" \(suite)>
            \(stages.map { Self.testCase($0, in: name) }.joined(separator: "\n"))
              </testsuite>
            </testsuites>

            """
    }

    private static func testCase(_ stage: StageReport, in name: String) -> String {
        let head =
            "    <testcase classname=\"\(name)\" name=\"\(stage.stage.rawValue)\" time=\"\(seconds(stage.duration))\""
        let finding = Markup.foreign(stage.finding)
        let reason = Markup.foreign(stage.reason?.rawValue ?? "")
        return switch stage.outcome {
        case .passed: "\(head)/>"
        case .failed:
            "\(head)><failure type=\"\(reason)\" message=\"\(finding)\">\(reason): \(finding)</failure></testcase>"
        case .skipped:
            "\(head)><skipped message=\"\(reason): \(finding)\">\(reason): \(finding)</skipped></testcase>"
        }
    }

    static func seconds(_ duration: Duration) -> String { Figures.decimal(duration / .seconds(1), places: 6) }
}

extension CheckReport {
    /// The report as one line of a Nagios plugin: `ECHO OK - … | time=0.61s …`, with the duration of each stage that ran.
    ///
    /// Use it with ``nagiosCode``. A vertical bar starts the performance data, so one in a finding becomes a slash.
    public func nagiosLine() -> String {
        // By scalars: a bar with a combining character after it is another Character.
        var text = String.UnicodeScalarView()
        for scalar in CheckTable(self).verdict.unicodeScalars { text.append(scalar == "|" ? "/" : scalar) }
        let performanceData =
            ["time=\(Self.seconds(duration))s;;;0"]
            + stages.filter { $0.outcome != .skipped }.map { "\($0.stage.rawValue)=\(Self.seconds($0.duration))s;;;0" }
            + (slowestConnect.map { ["slowest_connect=\(Self.seconds($0.duration))s;;;0"] } ?? [])
        return "ECHO \(nagiosState.word) - \(String(text)) | \(performanceData.joined(separator: " "))"
    }

    /// The exit code of a Nagios plugin: 0 OK, 2 CRITICAL, 3 UNKNOWN.
    public var nagiosCode: Int32 { nagiosState.code }

    /// A server that accepts no connections is CRITICAL for a monitor, although the check cannot judge its echo.
    private var nagiosState: (word: String, code: Int32) {
        switch verdict {
        case .passed: ("OK", 0)
        case .failed: ("CRITICAL", 2)
        case .notJudged: self[.connect]?.outcome == .failed ? ("CRITICAL", 2) : ("UNKNOWN", 3)
        }
    }
}

/// The JSON document. Programs rely on its keys; a change that breaks them needs another `version`.
private struct CheckDocument: Encodable {
    let format = "nitka-check"
    let version = 1
    let address: String
    let verdict: String
    let seed: UInt64
    let clients: Int
    let durationSeconds: Double
    let stages: [Stage]
    let addresses: [Address]
    let checkedAddress: String?

    enum CodingKeys: String, CodingKey {
        case format, version, address, verdict, seed, clients, stages, addresses
        case checkedAddress = "checked_address"
        case durationSeconds = "duration_s"
    }

    struct Stage: Encodable {
        let stage: String
        let outcome: String
        let reason: String?
        let finding: String
        let durationSeconds: Double
        let slowestConnect: Double?

        enum CodingKeys: String, CodingKey {
            case stage, outcome, reason, finding
            case durationSeconds = "duration_s"
            case slowestConnect = "slowest_connect_s"
        }

        /// Written by hand because the synthesized method omits the key of a nil reason.
        func encode(to encoder: any Encoder) throws {
            var keys = encoder.container(keyedBy: CodingKeys.self)
            try keys.encode(stage, forKey: .stage)
            try keys.encode(outcome, forKey: .outcome)
            try keys.encode(reason, forKey: .reason)
            try keys.encode(finding, forKey: .finding)
            try keys.encode(durationSeconds, forKey: .durationSeconds)
            try keys.encode(slowestConnect, forKey: .slowestConnect)
        }
    }

    struct Address: Encodable {
        let address: String
        let reason: String?
        let finding: String
        let durationSeconds: Double

        enum CodingKeys: String, CodingKey {
            case address, reason, finding
            case durationSeconds = "duration_s"
        }

        /// Written by hand because the synthesized method omits the key of a nil reason.
        func encode(to encoder: any Encoder) throws {
            var keys = encoder.container(keyedBy: CodingKeys.self)
            try keys.encode(address, forKey: .address)
            try keys.encode(reason, forKey: .reason)
            try keys.encode(finding, forKey: .finding)
            try keys.encode(durationSeconds, forKey: .durationSeconds)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(format, forKey: .format)
        try keys.encode(version, forKey: .version)
        try keys.encode(address, forKey: .address)
        try keys.encode(addresses, forKey: .addresses)
        try keys.encode(checkedAddress, forKey: .checkedAddress)
        try keys.encode(verdict, forKey: .verdict)
        try keys.encode(seed, forKey: .seed)
        try keys.encode(clients, forKey: .clients)
        try keys.encode(durationSeconds, forKey: .durationSeconds)
        try keys.encode(stages, forKey: .stages)
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
                finding: stage.finding, durationSeconds: stage.duration / .seconds(1),
                slowestConnect: stage.slowestConnect.map { $0 / .seconds(1) })
        }
        addresses = report.addresses.map { address in
            Address(
                address: address.address.description, reason: address.reason?.rawValue, finding: address.finding,
                durationSeconds: address.duration / .seconds(1))
        }
        checkedAddress = report.checkedAddress?.description
    }
}
