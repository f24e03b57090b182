// SPDX-License-Identifier: Apache-2.0

internal import Nitka

/// Text for a page, with nothing in it that a browser would take for markup.
package enum Markup {
    /// A text that a server, a file or a command line may have had a hand in: no controls either, and cut to length.
    package static func foreign(_ text: String) -> String { escaped(EscapedText(text, limit: 400).description) }

    package static func escaped(_ text: String) -> String {
        var shown = ""
        for character in text {
            switch character {
            case "&": shown += "&amp;"
            case "<": shown += "&lt;"
            case ">": shown += "&gt;"
            case "\"": shown += "&quot;"
            case "'": shown += "&#39;"
            default: shown.append(character)
            }
        }
        return shown
    }

    /// A place in a drawing: a tenth of a pixel is more than anybody sees.
    package static func place(_ value: Double) -> String { Figures.decimal(value, places: 1) }
}
