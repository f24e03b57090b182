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

    @Test("the README says what each folder of the library holds")
    func namesEveryFolder() throws {
        let text = try #require(Repository.text("README.md"))
        let table = try #require(text.split(separator: "| folder | contents |").last?.split(separator: "\n\n").first)
        let named = table.matches(of: /\| `(\w+)` \|/).map { String($0.1) }
        let folders = try #require(ProcFile.names(in: "\(Repository.root)/Sources/Nitka"))
        #expect(Set(named) == Set(folders.filter { !$0.contains(".") }))
    }

    static let ways = [
        ("The way of a byte", 30...40), ("The way of a drain", 7...12), ("The way of a waiting async read", 8...12),
    ]

    @Test("each way through the code has a few functions, each in the file that the page names", arguments: ways)
    func way(_ title: String, _ length: ClosedRange<Int>) throws {
        let sections = try #require(Repository.text("CONTRIBUTING.md")).split(separator: "## ")
        let text = try #require(sections.first { $0.hasPrefix("\(title)\n") })
        let rows = text.matches(of: /\| (\d+) \| `(?:(\w+)\.)?(\w+)`[^|]*\| `([^`]+)` \|/)
        #expect(rows.map { Int($0.1) } == rows.indices.map { $0 + 1 })
        #expect(length.contains(rows.count))
        for row in rows {
            let source = try #require(Repository.text(String(row.4)), "\(row.4)")
            let beginnings = row.3 == "init" ? ["init("] : ["func \(row.3)(", "func \(row.3)<"]
            #expect(beginnings.contains { source.contains($0) }, "\(row.3) in \(row.4)")
            guard let type = row.2 else { continue }
            let kinds = ["class", "struct", "enum", "protocol", "extension"]
            #expect(kinds.contains { source.contains("\($0) \(type)") }, "\(type) in \(row.4)")
        }
    }
}

/// The repository that the tests were built from.
enum Repository {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    static func text(_ path: String) -> String? { ProcFile.text("\(root)/\(path)") }

    static func has(_ path: String) -> Bool {
        text(path) != nil || ProcFile.names(in: "\(root)/\(path)") != nil
    }
}
