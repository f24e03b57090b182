// SPDX-License-Identifier: Apache-2.0

internal import Nitka

/// Text for an HTML page, escaped.
package enum Markup {
    /// Text that may come from a server, a file or a command line: also without control characters, and cut to length.
    package static func foreign(_ text: String) -> String { escaped(EscapedText(text, limit: 400).description) }

    package static func escaped(_ text: String) -> String {
        var shown = ""
        // By scalars: a mark with a combining character after it is another Character, and would remain a mark.
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": shown += "&amp;"
            case "<": shown += "&lt;"
            case ">": shown += "&gt;"
            case "\"": shown += "&quot;"
            case "'": shown += "&#39;"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// A coordinate in a chart, to a tenth of a pixel.
    package static func place(_ value: Double) -> String { Figures.decimal(value, places: 1) }
}
