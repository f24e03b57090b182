// SPDX-License-Identifier: Apache-2.0

import NitkaCheck
import Testing

@Suite struct CatalogueTests {
    @Test(arguments: Catalogue.all)
    func everyMisbehaviourIsNamed(_ misbehaviour: Misbehaviour) async throws {
        let seed = UInt64.random(in: 0...UInt64(UInt32.max))
        let report = try await judgedPatiently(misbehaviour.isNamed) { factor in
            var settings = misbehaviour.settings
            settings.timeout *= factor
            return try await whileMisbehaving(misbehaviour, seed: seed) { [settings] endpoint in
                await EchoCheck(endpoint, settings).run()
            }
        }
        let wanted = misbehaviour.findings.map { "\($0.key): \($0.value)" }.sorted().joined(separator: ", ")
        let table = CheckTable(report).lines().joined(separator: "\n")
        #expect(misbehaviour.isNamed(in: report), "wanted \(wanted); seed \(seed)\n\(table)")
    }
}

extension Misbehaviour {
    fileprivate func isNamed(in report: CheckReport) -> Bool {
        let certain = report.failures.filter { stage in
            findings[stage.stage] != nil || !possible.union(varied).contains(stage.stage)
        }
        let found = Dictionary(uniqueKeysWithValues: certain.map { ($0.stage, $0.reason) })
        return found == findings.mapValues { Optional($0) }
            && varied.isSubset(of: report.failures.map(\.stage)) && report.verdict == .failed
    }
}
