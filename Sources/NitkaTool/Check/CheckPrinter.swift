// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

/// The report in lines for people.
struct CheckPrinter {
    let report: TogetherReport

    func print() {
        say("connected at once    \(report.connected) of \(report.clients)")
        say("served at once       \(report.servedTogether) of \(report.clients)")
        say("slowest wait         \(shown(report.slowestWait))")
        for problem in report.problems.prefix(10) { say("  \(EscapedText(problem))") }
        if report.problems.count > 10 { say("  and \(report.problems.count - 10) more") }
        say(verdict)
    }

    private var verdict: String {
        if report.hasPassed {
            return "PASS: \(report.clients) clients were served at the same time, each with its own bytes"
        }
        if report.clientsWaitForOneAnother {
            return "FAIL: clients wait for one another: one was answered only when another had left"
        }
        return report.servedTogether == 0
            ? "FAIL: no client was answered" : "FAIL: \(report.problems.count) things went wrong"
    }
}
