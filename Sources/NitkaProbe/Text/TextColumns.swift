// SPDX-License-Identifier: Apache-2.0

/// Texts brought to a width.
package enum TextColumns {
    /// Against the right edge; what is wider stays as it is.
    package static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// Against the left edge; what is wider stays as it is.
    package static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// For terminals that show nothing else.
    package static func ascii(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "µ", "μ": shown += "u"
            case "–", "−": shown += "-"
            case "…": shown += "..."
            default: shown.unicodeScalars.append(scalar.isASCII ? scalar : "?")
            }
        }
        return shown
    }

    /// Cut at the words that reach beyond the width; the lines after the first begin with the indent.
    package static func wrapped(_ text: String, width: Int, indent: String = "  ") -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = indent + word
            } else {
                line += (line.isEmpty ? "" : " ") + word
            }
        }
        return lines + [line]
    }
}
