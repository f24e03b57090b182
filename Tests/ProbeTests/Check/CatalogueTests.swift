// SPDX-License-Identifier: Apache-2.0

import NitkaProbe
import Testing

@Suite struct CatalogueTests {
    /// On a machine that is busy with other tests silence comes before a wrong byte does: what was not found as it should
    /// be gets more time, twice. What is named wrongly stays wrong.
    @Test(arguments: Catalogue.all)
    func everyMisbehaviourIsNamed(_ misbehaviour: Misbehaviour) async throws {
        var patient = misbehaviour
        for _ in 0..<2 {
            if try await judged(patient).isAsExpected { return }
            patient.settings.timeout *= 3
        }
        let (isAsExpected, text) = try await judged(patient)
        #expect(isAsExpected, "\(text)")
    }

    private func judged(_ misbehaviour: Misbehaviour) async throws -> (isAsExpected: Bool, text: String) {
        let seed = UInt64.random(in: 0...UInt64(UInt32.max))
        let report = try await whileMisbehaving(misbehaviour, seed: seed) { endpoint in
            await EchoCheck(endpoint, misbehaviour.settings).run()
        }
        let certain = report.failures.filter { stage in
            misbehaviour.findings[stage.stage] != nil
                || !misbehaviour.possible.union(misbehaviour.varied).contains(stage.stage)
        }
        let found = Dictionary(uniqueKeysWithValues: certain.map { ($0.stage, $0.reason) })
        let isAsExpected =
            found == misbehaviour.findings.mapValues { Optional($0) }
            && misbehaviour.varied.isSubset(of: report.failures.map(\.stage)) && report.verdict == .failed
        let wanted = misbehaviour.findings.map { "\($0.key): \($0.value)" }.sorted().joined(separator: ", ")
        return (isAsExpected, "wanted \(wanted); seed \(seed)\n" + CheckTable(report).lines().joined(separator: "\n"))
    }
}
