// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage
import Testing

/// The code in the documentation, type-checked as a program that depends on the library: what a reader pastes compiles.
@Suite("The listings in the documentation") struct ListingTests {
    @Test("a listing of the README compiles wherever a reader may put it", arguments: Placement.all)
    func compiles(_ placement: Placement) async throws {
        let errors = try await Compiler.errors(in: placement.program(), isMain: !placement.hasEntryPoint)
        #expect(errors == [])
    }

    @Test("the README's program with limits, port, shutdown and events compiles at the top level of a program")
    func programWithLimitsCompiles() async throws {
        let errors = try await Compiler.errors(in: Documentation.program(2, of: "README.md"), isMain: true)
        #expect(errors == [])
    }

    @Test("the first error of a wrong listing names its cause", arguments: Mistake.all)
    func namesItsCause(_ mistake: Mistake) async throws {
        let errors = try await Compiler.errors(in: mistake.program(), isMain: true)
        let first = try #require(errors.first)
        #expect(first.contains(mistake.cause))
    }

    @Test("every program in an article compiles", arguments: Documentation.articles)
    func articlesCompile(_ article: String) async throws {
        let programs = try Documentation.programs(of: article)
        #expect(!programs.isEmpty)
        for program in programs {
            let errors = try await Compiler.errors(in: program, isMain: true)
            #expect(errors == [], "\(program)")
        }
    }
}

// MARK: - What is compiled

/// The two listings that the README begins with.
enum Listing: CaseIterable {
    case plain
    case async

    /// The program without its import.
    func statements() throws -> String {
        let program = try Documentation.program(self == .plain ? 0 : 1, of: "README.md")
        let call = self == .plain ? "try server.run {" : "try await server.runTasks {"
        try #require(program.hasPrefix("import Nitka\n\n") && program.contains(call))
        return String(program.dropFirst("import Nitka\n\n".count))
    }
}

/// A place for a listing in a program.
struct Placement: CustomTestStringConvertible {
    let listing: Listing
    let name: String
    let beginning: String
    let end: String
    /// Async code awaits the plain listing's `run`.
    var addsAwait = false
    var hasEntryPoint = false

    var testDescription: String { "the \(listing) listing \(name)" }

    func program() throws -> String {
        var statements = try listing.statements()
        if addsAwait { statements.replace("try server.run", with: "try await server.run") }
        return "import Nitka\n\n\(beginning)\n\(statements)\n\(end)\n"
    }

    static let all: [Placement] =
        Listing.allCases.flatMap { listing in
            [
                Placement(listing: listing, name: "at the top level of main.swift", beginning: "", end: ""),
                Placement(
                    listing: listing, name: "in an async function", beginning: "func serve() async throws {", end: "}",
                    addsAwait: listing == .plain),
                Placement(
                    listing: listing, name: "in the async main of an @main type",
                    beginning: "@main struct Program { static func main() async throws {", end: "} }",
                    addsAwait: listing == .plain, hasEntryPoint: true),
                Placement(
                    listing: listing, name: "in a Task", beginning: "let task = Task {",
                    end: "}\ntry await task.value", addsAwait: listing == .plain),
            ]
        } + [
            Placement(
                listing: .plain, name: "in a plain function", beginning: "func serve() throws {", end: "}"),
            Placement(
                listing: .plain, name: "in the main of an @main type",
                beginning: "@main struct Program { static func main() throws {", end: "} }", hasEntryPoint: true),
        ]
}

/// A listing with a mistake that readers make.
struct Mistake: CustomTestStringConvertible {
    let testDescription: String
    let listing: Listing
    var right = ""
    var wrong = ""
    let cause: String
    var beginning = "func serve() async throws {"
    var end = "}"

    func program() throws -> String {
        let statements = try listing.statements()
        try #require(right.isEmpty || statements.contains(right))
        return "import Nitka\n\n\(beginning)\n\(statements.replacing(right, with: wrong, maxReplacements: 1))\n\(end)\n"
    }

    static let all = [
        Mistake(
            testDescription: "the plain listing without await in an async function", listing: .plain,
            cause: "is not marked with 'await'"),
        Mistake(
            testDescription: "the plain listing without await in a Task", listing: .plain,
            cause: "async code awaits the async form", beginning: "let task = Task {", end: "}\ntry await task.value"),
        Mistake(
            testDescription: "an async handler given to run", listing: .async, right: "server.runTasks",
            wrong: "server.run", cause: "an async handler needs `runTasks`"),
        Mistake(
            testDescription: "a read without await in an async handler", listing: .async,
            right: "try await client.read()",
            wrong: "try client.read()", cause: "is not marked with 'await'"),
    ]
}

/// The Markdown files of the repository.
enum Documentation {
    static let articles = ["Nitka", "FirstServer", "ChoosingAModel", "TimeLimits", "Draining"].map {
        "Sources/Nitka/Nitka.docc/\($0).md"
    }

    /// The Swift blocks of a file, in order, without package manifests: each one is a whole program.
    static func programs(of file: String) throws -> [String] {
        let text = try #require(Repository.text(file))
        let blocks = text.split(separator: "```swift\n", omittingEmptySubsequences: false).dropFirst()
        let programs = blocks.map { String($0.split(separator: "\n```", maxSplits: 1)[0]) }
        return programs.filter { !$0.hasPrefix("// swift-tools-version") }
    }

    static func program(_ index: Int, of file: String) throws -> String {
        let programs = try programs(of: file)
        try #require(index < programs.count)
        return programs[index]
    }
}

// MARK: - The compiler

enum Compiler {
    /// The errors of a program that uses the library, in the compiler's order. Warnings are errors.
    ///
    /// - Parameter isMain: compile it as main.swift, whose top level is code.
    static func errors(in program: String, isMain: Bool) async throws -> [String] {
        let build = Tool.path.removingLastComponent()
        let result = try await Subprocess.run(
            .name("swiftc"),
            arguments: Arguments(
                [
                    "-typecheck", "-swift-version", "6", "-warnings-as-errors", "-I", "\(build)/Modules", "-Xcc",
                    "-fmodule-map-file=\(build)/CNitkaLinux.build/module.modulemap",
                ] + (isMain ? [] : ["-parse-as-library"]) + ["-"]),
            input: .array([UInt8](program.utf8)), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        let errors = result.standardError.split(separator: "\n").filter { $0.contains(": error: ") }.map(String.init)
        // Failures without an error in the program, of the compiler itself, must not pass.
        if errors.isEmpty { #expect(Tool.code(result.terminationStatus) == 0, "\(result.standardError)") }
        return errors
    }
}
