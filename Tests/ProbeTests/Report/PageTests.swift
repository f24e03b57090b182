// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NitkaBench
import NitkaProbe
import Testing

/// With `NITKA_PAGES=FOLDER`, the test writes the pages to that folder.
@Suite struct PageTests {
    private static let samples: [(name: String, outcome: BenchOutcome)] = [
        ("closed", Sample.closedLoop), ("open", Sample.openLoop), ("invalid", Sample.invalid), ("churn", Sample.churn),
        ("empty", Sample.empty), ("quarter", Sample.quarter), ("moment", Sample.moment),
    ]

    @Test("pages are self-contained and well-formed", arguments: samples.map(\.name))
    func pagesNeedNothingElseAndAreWellFormed(name: String) throws {
        let sample = try #require(Self.samples.first { $0.name == name })
        let html = ReportPage(sample.outcome).html
        for outside in ["<script", "http:", "https:", "url(", "@import", "<link", "<img"] {
            #expect(!html.contains(outside))
        }
        #expect(!html.contains("nan") && !html.contains("inf\""))
        #expect(Self.unclosed(html) == [])
        if let folder = ProcessInfo.processInfo.environment["NITKA_PAGES"] {
            try Data(html.utf8).write(to: URL(filePath: "\(folder)/\(name).html"))
        }
    }

    @Test("a page shows why the run is invalid, and escapes foreign text")
    func invalidIsSaidWithItsReasonsAndStrangersWriteNoMarkup() {
        let html = ReportPage(Sample.invalid).html
        #expect(html.contains("<strong>INVALID</strong>"))
        #expect(html.contains("<li>50 of 500 clients could connect: connection refused</li>"))
        #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\\u{1b}[31m"))
        #expect(!html.contains("\u{1b}"))
    }

    @Test("a valid page has 4 charts with titles and summaries") func aValidPageHasFourChartsWithTitlesAndSummaries() {
        let html = ReportPage(Sample.closedLoop).html
        for title in ["Echoes a second", "Percentiles over time", "Time by percentile", "Histogram"] {
            #expect(html.contains("<h2>\(title)</h2>"))
        }
        #expect(html.split(separator: "<desc").count == 5)
        #expect(!html.contains("INVALID"))
    }

    @Test("a run without echoes has no times and no charts") func aRunWithoutEchoesHasNoTimesAndNoChartsOfThem() {
        let html = ReportPage(Sample.empty).html
        #expect(!html.contains("<figure>"))
        #expect(html.contains("<dt>p99</dt><dd>–</dd>"))
    }

    /// The elements that are not closed in order.
    private static func unclosed(_ html: String) -> [String] {
        var open: [String] = []
        for piece in html.split(separator: "<").dropFirst() where !piece.hasPrefix("!") {
            let tag = piece.prefix { $0 != ">" }
            let name = String(tag.drop { $0 == "/" }.prefix { !" \n/".contains($0) })
            if tag.hasPrefix("/") {
                guard open.popLast() == name else { return open + [name] }
            } else if !tag.hasSuffix("/"), name != "meta" {
                open.append(name)
            }
        }
        return open
    }
}
