// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Nitka
internal import NitkaSystem

/// The format of a log line.
enum LogFormat: String, CaseIterable, Sendable {
    case text
    case json
}

/// Writes each log entry as one line to standard output.
///
/// A write blocks while the reader of the log is slow. Only the log thread calls it: client threads put their events
/// into the server's bounded stream, and never wait.
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
        printLine(
            format == .json
                ? json(event.level, "\(event.message)", event.metadata ?? [:]) : text(event.level, "\(event.message)"))
    }

    private func text(_ level: Logger.Level, _ message: String) -> String {
        level >= .warning ? "\(level): \(message)" : message
    }

    private func json(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> String {
        var fields = ["\"time\":\(quoted(WallClock.text))", "\"level\":\"\(level)\"", "\"message\":\(quoted(message))"]
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let text = "\(value)"
            let isNumber = !text.isEmpty && text.utf8.count < 16 && text.utf8.allSatisfy { (48...57).contains($0) }
            fields.append("\(quoted(key)):\(isNumber ? text : quoted(text))")
        }
        return "{" + fields.joined(separator: ",") + "}"
    }

    /// A JSON string: RFC 8259 section 7. Bytes from a peer are already escaped for the terminal.
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
