// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Nitka
internal import NitkaSystem

/// How log lines look.
enum LogFormat: String, CaseIterable, Sendable {
    case text
    case json
}

/// Writes a line an entry on standard output. One thread logs: what may not wait for a slow reader goes through the
/// server's bounded stream of events first.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level = .debug
    var metadata: Logger.Metadata = [:]
    let format: LogFormat

    init(format: LogFormat) { self.format = format }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        say(
            format == .json
                ? json(event.level, "\(event.message)", event.metadata ?? [:]) : text(event.level, "\(event.message)"))
    }

    private func text(_ level: Logger.Level, _ message: String) -> String {
        level >= .warning ? "\(level): \(message)" : message
    }

    private func json(_ level: Logger.Level, _ message: String, _ more: Logger.Metadata) -> String {
        var fields = ["\"time\":\(quoted(WallClock.text))", "\"level\":\"\(level)\"", "\"message\":\(quoted(message))"]
        for (key, value) in more.sorted(by: { $0.key < $1.key }) {
            let text = "\(value)"
            let isNumber = !text.isEmpty && text.utf8.count < 16 && text.utf8.allSatisfy { (48...57).contains($0) }
            fields.append("\(quoted(key)):\(isNumber ? text : quoted(text))")
        }
        return "{" + fields.joined(separator: ",") + "}"
    }

    /// RFC 8259 section 7. The texts are escaped already where a stranger wrote them, so what is left to escape is
    /// little.
    private func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
