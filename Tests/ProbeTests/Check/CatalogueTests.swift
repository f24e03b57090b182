// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NitkaCheck
import NitkaProbe
import Testing

@Suite("Check: the catalogue of faulty servers") struct CatalogueTests {
    @Test("a check of a faulty server reports exactly the stages and reasons of its fault", arguments: Catalogue.all)
    func reportsEveryFault(_ faulty: FaultyServer) async throws {
        let seed = UInt64.random(in: 0...UInt64(UInt32.max))
        let report = try await checkWithRetries(until: faulty.isFound) { factor in
            var settings = faulty.settings
            settings.timeout *= factor
            return try await withFaultyServer(faulty, seed: seed) { [settings] endpoint in
                await EchoCheck(endpoint, settings).run()
            }
        }
        let expected = faulty.findings.map { "\($0.key): \($0.value)" }.sorted().joined(separator: ", ")
        let table = CheckTable(report).lines().joined(separator: "\n")
        #expect(faulty.isFound(in: report), "expected \(expected); seed \(seed)\n\(table)")
    }
}

extension FaultyServer {
    fileprivate func isFound(in report: CheckReport) -> Bool {
        let certain = report.failures.filter { stage in
            findings[stage.stage] != nil || !possible.union(varied).contains(stage.stage)
        }
        let found = Dictionary(uniqueKeysWithValues: certain.map { ($0.stage, $0.reason) })
        return found == findings.mapValues { Optional($0) }
            && varied.isSubset(of: report.failures.map(\.stage)) && report.verdict == .failed
    }
}

@Suite("Check: reason codes") struct ReasonTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(Self.root)/\(path)")), as: UTF8.self)
    }

    private func documented() throws -> Set<String> {
        let guide = try text("docs/checking.md")
        let rows = guide.split(separator: "## Reason codes")[1].split(separator: "## Exit codes")[0].split(
            separator: "\n")
        return Set(
            rows.filter { $0.hasPrefix("| `") }.flatMap { row in
                row.split(separator: "|")[0].split(separator: "`").map(String.init).filter {
                    $0.first?.isLetter == true
                }
            })
    }

    @Test("docs/checking.md lists exactly the reason codes of the source")
    func documentsEveryCode() throws {
        let source = try text("Sources/NitkaCheck/CheckReason.swift")
        let codes = source.split(separator: "CheckReason(\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
        #expect(Set(codes) == (try documented()))
    }

    @Test("every reason code is covered by the catalogue or by another test")
    func coversEveryCode() throws {
        let ofServers = Set(Catalogue.all.flatMap { $0.findings.values.map(\.rawValue) })
        let elsewhere: Set<String> = [
            // NamespaceTests
            "not-found", "refused", "timed-out", "unreachable", "not-permitted",
            // BlockedPathTests
            "failed", "not-blocked", "blocked-otherwise", "blocked", "not-reached", "not-asked",
            // CheckSurroundingsTests, CheckProgressTests, GoodServerTests
            "no-thread", "no-resources", "interrupted", "cancelled",
            // CheckAddressTests
            "dead-address",
        ]
        #expect(ofServers.union(elsewhere) == (try documented()))
        #expect(ofServers.isDisjoint(with: elsewhere))
    }
}
