// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

/// The output that shells and other programs read: escaping for a terminal would corrupt it.
@Suite struct CompletionTests {
    private static let commands = ["serve", "connect", "check", "bench", "merge", "compare"]

    @Test("bash loads the completion script and completes commands, options and values") func bashCompletes()
        async throws
    {
        let ending = try await Shell.run(
            #"""
            eval "$(nitka --generate-completion-script bash)" || exit 1
            function=$(complete -p nitka | grep -o -- '-F [^ ]*') || exit 2
            complete_line() {
                COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
                ${function#-F } "$1" "${@: -1}" "${@: -2:1}"
                echo "${COMPREPLY[@]}"
            }
            complete_line nitka ''
            complete_line nitka check --repea
            complete_line nitka serve --model t
            """#)
        #expect(ending.code == 0)
        #expect(ending.error == "")
        let lines = ending.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        try #require(lines.count == 3)
        #expect(Set(lines[0]).isSuperset(of: Self.commands))
        #expect(Set(lines[1]) == ["--repeat"])
        #expect(lines[2].sorted() == ["tasks", "threads"])
    }

    @Test("bash finds no syntax error in its completion script") func bashParses() async throws {
        let ending = try await Shell.run("nitka --generate-completion-script bash | bash -n; echo ${PIPESTATUS[*]}")
        #expect(ending.output == "0 0\n")
        #expect(ending.error == "")
    }

    @Test(
        "zsh finds no syntax error in its completion script, and completes the tool with it",
        .enabled(if: Peer.has("zsh"), "no zsh"))
    func zshLoads() async throws {
        let ending = try await withFolder { folder in
            try await Shell.run(
                """
                nitka --generate-completion-script zsh > \(folder)/_nitka && zsh -n \(folder)/_nitka || exit 1
                zsh -f -c 'autoload -Uz compinit && compinit -u -D && source \(folder)/_nitka && print ${_comps[nitka]}'
                """)
        }
        #expect(ending.code == 0)
        #expect(ending.output == "_nitka\n")
        #expect(ending.error == "")
    }

    @Test(
        "fish loads the completion script and completes commands, options and values",
        .enabled(if: Peer.has("fish"), "no fish"))
    func fishCompletes() async throws {
        let ending = try await withFolder { folder in
            try await Shell.run(
                """
                nitka --generate-completion-script fish > \(folder)/nitka.fish
                HOME=\(folder) XDG_CONFIG_HOME= fish --no-config -c 'source \(folder)/nitka.fish
                    complete -C "nitka "; complete -C "nitka check --repea"; complete -C "nitka serve --model t"'
                """)
        }
        #expect(ending.code == 0)
        #expect(ending.error == "")
        let words = ending.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
        #expect(Set(words).isSuperset(of: Self.commands + ["--repeat", "tasks", "threads"]), "\(ending.output)")
        #expect(!words.contains("iterative"))
    }

    /// `swift package generate-manual` makes the manual from this document.
    @Test("the document that the manual is made from has real line ends") func manualHasLineEnds() async throws {
        let ending = try await Tool.run(["--experimental-dump-help"])
        let help = try JSONDecoder().decode(Help.self, from: Data(ending.output.utf8))
        #expect(help.command.discussion?.hasPrefix("Examples:\n  nitka check ") == true)
        let texts = [help.command.discussion] + (help.command.subcommands ?? []).map(\.discussion)
        #expect(texts.count > Self.commands.count)
        #expect(!texts.contains { $0?.contains("\\") == true })
    }

    private struct Help: Decodable {
        let command: Command

        struct Command: Decodable {
            let discussion: String?
            let subcommands: [Command]?
        }
    }
}
