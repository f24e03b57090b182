// SPDX-License-Identifier: Apache-2.0

/// Text in columns of a fixed width.
package enum TextColumns {
    /// Aligned to the right; longer text is not cut.
    package static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// Aligned to the left; longer text is not cut.
    package static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// The text in ASCII, for terminals that show nothing else.
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

    /// Breaks a text into lines of a width, at spaces. Lines after the first begin with the indent.
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
