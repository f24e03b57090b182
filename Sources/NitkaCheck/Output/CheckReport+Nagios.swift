// SPDX-License-Identifier: Apache-2.0

extension CheckReport {
    /// One line for Nagios and its kin: `ECHO OK - … | time=0.61s …`, with the seconds of each stage that was asked.
    ///
    /// It goes with ``nagiosCode``. A vertical bar in a text would begin the figures: it is written as a slash.
    public func nagiosLine() -> String {
        let text = CheckTable(self).verdict.map { $0 == "|" ? "/" : String($0) }.joined()
        let figures =
            ["time=\(Self.seconds(duration))s;;;0"]
            + stages.filter { $0.outcome != .skipped }.map { "\($0.stage.rawValue)=\(Self.seconds($0.duration))s;;;0" }
        return "ECHO \(nagiosState.word) - \(text) | \(figures.joined(separator: " "))"
    }

    /// The exit code that Nagios wants: 0 OK, 2 CRITICAL, 3 UNKNOWN.
    public var nagiosCode: Int32 { nagiosState.code }

    /// Where nobody takes connections, there is nothing to judge about an echo, and all that a monitor is there for.
    private var nagiosState: (word: String, code: Int32) {
        switch verdict {
        case .passed: ("OK", 0)
        case .failed: ("CRITICAL", 2)
        case .notJudged: self[.connect]?.outcome == .failed ? ("CRITICAL", 2) : ("UNKNOWN", 3)
        }
    }
}
