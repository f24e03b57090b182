// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

/// The plan of a run as text.
struct BenchPlanText {
    let report: BenchReport

    init(_ report: BenchReport) { self.report = report }

    /// `ping-pong with 127.0.0.1:7007: 50 clients, 64 B a message, at 20,000/s, for 10 s`.
    var sentence: String {
        "\(EscapedText(report.mode)) with \(EscapedText(report.address)): \(parts.joined(separator: ", "))"
    }

    /// The phrases after the colon.
    var parts: [String] {
        var parts = [report.clientsAsked == 1 ? "1 client" : "\(report.clientsAsked) clients"]
        parts.append("\(Self.size(report.size)) a message")
        if report.depth > 1 { parts.append("\(report.depth) in flight") }
        if let rate = report.rateAsked { parts.append("at \(Figures.rate(rate))/s") }
        parts.append("for \(Figures.time(report.duration * 1e9))")
        return parts
    }

    /// In KiB or MiB if that is a whole number, as on the command line: `64 B`, `64 KiB`.
    static func size(_ bytes: Int) -> String {
        switch bytes {
        case _ where bytes > 0 && bytes % 1_048_576 == 0: "\(bytes / 1_048_576) MiB"
        case _ where bytes > 0 && bytes % 1024 == 0: "\(bytes / 1024) KiB"
        default: "\(Figures.grouped(UInt64(clamping: bytes))) B"
        }
    }
}
