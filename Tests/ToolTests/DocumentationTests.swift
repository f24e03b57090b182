// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

/// The pages of the repository name files and functions: what they name exists.
@Suite("The pages of the documentation") struct DocumentationTests {
    static let pages = [
        "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/README.md", "docs/checking.md", "docs/bench.md",
        "docs/reports.md", "Benchmarks/README.md",
    ]

    @Test("a page links only to files that exist", arguments: pages)
    func linksToFiles(_ page: String) throws {
        let text = try #require(Repository.text(page))
        let links = text.matches(of: /\]\(([^)#]+)[^)]*\)/).map { String($0.1) }.filter { !$0.contains("://") }
        let folder = page.split(separator: "/").dropLast().map { "\($0)/" }.joined()
        for link in links { #expect(Repository.has(folder + link), "\(link)") }
    }

    @Test("a page names only source files and folders that exist", arguments: pages)
    func namesFiles(_ page: String) throws {
        let text = try #require(Repository.text(page))
        var folder = ""
        // A second file in a row of the table is in the folder of the first.
        for match in text.matches(of: /`((?:Sources\/C?Nitka|Tests\/)[^`]*\/)?([A-Za-z0-9+]+\.swift|)`/)
        where match.1 != nil || !folder.isEmpty {
            if let named = match.1 { folder = String(named) }
            #expect(Repository.has(folder + match.2), "\(folder)\(match.2)")
        }
    }

    @Test("the way of a byte has at most 40 functions, each in the file that the page names")
    func wayOfAByte() throws {
        let text = try #require(Repository.text("CONTRIBUTING.md"))
        let rows = text.matches(of: /\| (\d+) \| `(?:\w+\.)?(\w+)`[^|]*\| `([^`]+)` \|/)
        #expect(rows.map { Int($0.1) } == rows.indices.map { $0 + 1 })
        #expect((30...40).contains(rows.count))
        for row in rows {
            let source = try #require(Repository.text(String(row.3)), "\(row.3)")
            let beginnings = row.2 == "init" ? ["init("] : ["func \(row.2)(", "func \(row.2)<"]
            #expect(beginnings.contains { source.contains($0) }, "\(row.2) in \(row.3)")
        }
    }
}

/// The repository that the tests were built from.
enum Repository {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    static func text(_ path: String) -> String? { ProcFile.text("\(root)/\(path)") }

    static func has(_ path: String) -> Bool {
        text(path) != nil || ProcFile.names(in: "\(root)/\(path)") != nil
    }
}
