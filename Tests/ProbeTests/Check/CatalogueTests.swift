// SPDX-License-Identifier: Apache-2.0

import NitkaProbe
import Testing

@Suite struct CatalogueTests {
    @Test(arguments: Catalogue.all)
    func everyMisbehaviourIsNamed(_ misbehaviour: Misbehaviour) async throws {
        let seed = UInt64.random(in: 0...UInt64(UInt32.max))
        let report = try await whileMisbehaving(misbehaviour, seed: seed) { endpoint in
            await EchoCheck(endpoint, misbehaviour.settings).run()
        }
        let certain = report.failures.filter { stage in
            misbehaviour.findings[stage.stage] != nil
                || !misbehaviour.possible.union(misbehaviour.varied).contains(stage.stage)
        }
        let found = Dictionary(uniqueKeysWithValues: certain.map { ($0.stage, $0.reason) })
        let table = CheckTable(report).lines().joined(separator: "\n")
        #expect(found == misbehaviour.findings.mapValues { Optional($0) }, "seed \(seed)\n\(table)")
        #expect(misbehaviour.varied.isSubset(of: report.failures.map(\.stage)), "seed \(seed)\n\(table)")
        #expect(report.verdict == .failed)
    }
}
