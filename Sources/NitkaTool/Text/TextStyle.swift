// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// What the terminal can show.
enum TextStyle {
    /// True if the locale is UTF-8. `LC_ALL` overrides `LC_CTYPE`, which overrides `LANG`: see locale(7).
    static var isUnicode: Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(CurrentProcess.environment).first { !$0.isEmpty }
        let text = (locale ?? "").lowercased()
        return text.hasSuffix("utf-8") || text.hasSuffix("utf8")
    }
}
