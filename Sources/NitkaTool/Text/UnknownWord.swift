// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials

/// An option or a command that the tool does not have.
///
/// ArgumentParser reports the value of an unknown option as a malformed argument: `bench -n 100` as a bad address. So
/// after an error, the arguments are searched for the cause.
struct UnknownWord {
    /// `unknown option -n; did you mean --duration?`
    let sentence: String

    /// The message of ArgumentParser with this sentence, and without the help for the wrong argument.
    func message(insteadOf text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let usage = lines.drop { !$0.hasPrefix("Usage:") }
        return (["Error: \(sentence)"] + usage.map(String.init)).joined(separator: "\n")
    }

    /// Finds the first unknown option, or the unknown command.
    static func first(in arguments: [String], of root: any ParsableCommand.Type) -> UnknownWord? {
        guard let help = try? JSONDecoder().decode(ToolHelp.self, from: Data(root._dumpHelp().utf8)) else { return nil }
        return first(in: arguments[...], of: help.command)
    }

    static func first(in arguments: ArraySlice<String>, of command: ToolHelp.Command) -> UnknownWord? {
        var rest = arguments
        let subcommands = command.subcommands ?? []
        while let word = rest.popFirst(), word != "--" {
            guard word.hasPrefix("-"), word != "-" else {
                if subcommands.isEmpty { continue }
                if let next = subcommands.first(where: { $0.commandName == word }) { return first(in: rest, of: next) }
                let names = subcommands.map(\.commandName)
                return UnknownWord(
                    sentence: "unknown command \(word)" + hint(near(word, in: names), orAll: "commands", names))
            }
            let name = String(word.prefix { $0 != "=" })
            if let option = command.option(named: name) {
                // A value that begins with - is another option for the parser, unless it is a negative number.
                if option.takesValue, !word.contains("="), let value = rest.first, !isOption(value) {
                    rest.removeFirst()
                }
            } else if let joined = command.option(named: String(word.prefix(2))), joined.takesValue,
                !word.hasPrefix("--")
            {
                return UnknownWord(
                    sentence: "unknown option \(word); write a blank before the value: "
                        + "\(word.prefix(2)) \(word.dropFirst(2))")
            } else {
                return UnknownWord(sentence: "unknown option \(name)" + hint(forOption: name, of: command))
            }
        }
        return nil
    }

    private static func isOption(_ word: String) -> Bool {
        word.hasPrefix("-") && word != "-" && !("0"..."9").contains(word.dropFirst().first ?? "0")
    }

    private static func hint(forOption name: String, of command: ToolHelp.Command) -> String {
        let names = command.optionNames.filter { $0.hasPrefix("--") }
        if let usual = usualNames[command.commandName]?[name], names.contains(usual) {
            return "; did you mean \(usual)?"
        }
        if command.commandName != "serve", ["-p", "--port", "--host"].contains(name),
            command.arguments?.contains(where: { $0.valueName == "server" }) == true
        {
            return "; write the address as one argument, HOST:PORT"
        }
        return hint(near(name, in: names), orAll: "options", names)
    }

    private static func hint(_ near: String?, orAll kind: String, _ names: [String]) -> String {
        near.map { "; did you mean \($0)?" } ?? "; the \(kind) are \(names.joined(separator: ", "))"
    }

    /// The names that other tools use for an option of this one.
    private static let usualNames: [String: [String: String]] = [
        "serve": [
            "-p": "--port", "-H": "--host", "-b": "--host", "-l": "--host", "--bind": "--host", "--listen": "--host",
            "--address": "--host", "-m": "--model", "--threads": "--model", "--max-connections": "--max-clients",
            "--timeout": "--idle-timeout", "-v": "--log-level", "--verbose": "--log-level",
        ],
        "connect": ["-t": "--timeout", "-w": "--timeout", "--wait": "--timeout", "-v": "--verify"],
        "check": [
            "-c": "--clients", "--connections": "--clients", "--concurrency": "--clients", "-n": "--repeat",
            "--count": "--repeat", "-t": "--timeout", "-w": "--timeout", "--wait": "--timeout", "-s": "--size",
        ],
        "bench": [
            "-n": "--duration", "--requests": "--duration", "--count": "--duration", "--number": "--duration",
            "-z": "--duration", "--time": "--duration", "-t": "--threads", "--connections": "--clients",
            "--concurrency": "--clients", "-q": "--rate", "-R": "--rate", "--qps": "--rate", "--pipeline": "--depth",
        ],
        "merge": ["--out": "--output"],
        "compare": ["--fail-if": "--max-regress"],
    ]

    /// The name that differs in the fewest characters, or of which this one is the beginning.
    private static func near(_ word: String, in names: [String]) -> String? {
        if word.count > 3, let longer = names.first(where: { $0.hasPrefix(word) }) { return longer }
        let nearest = names.map { (name: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
        guard let nearest, nearest.distance <= (word.count > 4 ? max(2, word.count / 4) : 1) else { return nil }
        return nearest.name
    }

    /// How many characters must be inserted, deleted or replaced: the Levenshtein distance.
    private static func distance(_ one: String, _ other: String) -> Int {
        let other = Array(other)
        var row = Array(0...other.count)
        for (index, character) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let replaced = diagonal + (other[column] == character ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[other.count]
    }
}

/// The commands and options of the tool, as ArgumentParser describes them in `--experimental-dump-help`.
struct ToolHelp: Decodable {
    let command: Command

    struct Command: Decodable {
        let commandName: String
        let subcommands: [Command]?
        let arguments: [Argument]?

        var optionNames: [String] { (arguments ?? []).flatMap(\.words) }

        func option(named word: String) -> Argument? { arguments?.first { $0.words.contains(word) } }
    }

    struct Argument: Decodable {
        let kind: String
        let names: [Name]?
        let valueName: String?

        var takesValue: Bool { kind == "option" }
        var words: [String] { (names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name } }
    }

    struct Name: Decodable {
        let kind: String
        let name: String
    }
}
