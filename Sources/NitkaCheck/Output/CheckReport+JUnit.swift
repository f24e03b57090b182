// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

extension CheckReport {
    /// The report as the XML that CI systems read as JUnit's: a test case for each stage.
    public func junit() -> String {
        let skipped = stages.count { $0.outcome == .skipped }
        let suite =
            "tests=\"\(stages.count)\" failures=\"\(failures.count)\" errors=\"0\" skipped=\"\(skipped)\" "
            + "time=\"\(Self.seconds(duration))\""
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites>
              <testsuite name="nitka check \(Markup.foreign(endpoint.description))" \(suite)>
            \(stages.map(Self.testCase).joined(separator: "\n"))
              </testsuite>
            </testsuites>

            """
    }

    private static func testCase(_ stage: StageReport) -> String {
        let head =
            "    <testcase classname=\"nitka.check\" name=\"\(stage.stage.rawValue)\" time=\"\(seconds(stage.duration))\""
        let finding = Markup.foreign(stage.finding)
        let reason = Markup.foreign(stage.reason?.rawValue ?? "")
        return switch stage.outcome {
        case .passed: "\(head)/>"
        case .failed: "\(head)><failure type=\"\(reason)\" message=\"\(finding)\"/></testcase>"
        case .skipped: "\(head)><skipped message=\"\(reason): \(finding)\"/></testcase>"
        }
    }

    static func seconds(_ duration: Duration) -> String { Figures.decimal(duration / .seconds(1), places: 6) }
}
