// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NitkaCheck
import NitkaProbe
import Testing

/// The codes of the guide are those of the library, and each is one that a test has seen.
@Suite struct ReasonTests {
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

    @Test func theGuideHasEveryCode() throws {
        let source = try text("Sources/NitkaCheck/CheckReason.swift")
        let codes = source.split(separator: "CheckReason(\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
        #expect(Set(codes) == (try documented()))
    }

    @Test func everyCodeIsSeenByATest() throws {
        let ofServers = Set(Catalogue.all.flatMap { $0.findings.values.map(\.rawValue) })
        let elsewhere: Set<String> = [
            // NamespaceTests
            "not-found", "refused", "timed-out", "unreachable", "not-permitted",
            // BlockedPathTests
            "failed", "not-blocked", "blocked-otherwise", "blocked", "not-reached", "not-asked",
            // CheckSurroundingsTests, CheckProgressTests, GoodServerTests
            "no-thread", "no-resources", "interrupted", "cancelled",
        ]
        #expect(ofServers.union(elsewhere) == (try documented()))
        #expect(ofServers.isDisjoint(with: elsewhere))
    }
}
