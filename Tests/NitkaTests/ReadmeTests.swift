// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

/// The README's first listing, compiled: the README shows the lines between the marks.
private func listing() throws {
    // begin listing
    let server = try Server(on: "127.0.0.1:7007")  // a thread for every client
    print("listening on \(server.addresses[0])")
    try server.run { client in
        while let bytes = try client.read() { try client.write(bytes) }
    }
    // end listing
}

@Suite struct ReadmeTests {
    @Test("the first listing of the README is the one that the tests compile") func listingIsCompiled() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let readme = try #require(ProcFile.text("/" + root + "/README.md"))
        let source = try #require(ProcFile.text(#filePath))
        // The first lines that consist of a mark alone are those in the function above.
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        let begin = try #require(lines.firstIndex(of: "    // begin listing"))
        let end = try #require(lines.firstIndex(of: "    // end listing"))
        let compiled = lines[(begin + 1)..<end].map { $0.dropFirst(4) }.joined(separator: "\n")
        #expect(readme.contains("```swift\nimport Nitka\n\n\(compiled)\n```"))
        #expect(end - begin < 20)
    }
}
