// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// What a terminal can show.
enum Terminal {
    /// Does the environment say that text is UTF-8? The first of the variables that has a value decides, as in the C
    /// library.
    static var showsUnicode: Bool { showsUnicode(ProcessInfo.processInfo.environment) }

    static func showsUnicode(_ environment: [String: String]) -> Bool {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"]
        let locale = names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let codeset = locale.uppercased()
        return codeset.contains("UTF-8") || codeset.contains("UTF8")
    }
}
