// SPDX-License-Identifier: Apache-2.0

@testable import NitkaBench

/// JSON from a file, as `nitka compare` reads it.
func fuzzReports(_ bytes: [UInt8]) {
    do throws(ReportError) {
        expectPrintable(try BenchReport(json: text(of: bytes)), bytes.count)
    } catch {
        // It may contain text from the file, and the tool escapes it.
        expect(error.description.utf8.count <= bytes.count + 200, "a long error: \(error)")
    }
}

/// Reports with any figures and texts: mutated JSON rarely has extreme numbers in the right places.
func fuzzReportValues(_ bytes: [UInt8]) {
    var input = InputReader(bytes)
    var report = sampleReports[input.byte() % sampleReports.count]
    report.address = input.text()
    report.began = input.text()
    report.machine = input.text()
    report.mode = input.text()
    report.firstMismatch = input.text()
    report.invalidReasons = [input.text()]
    report.clientsAsked = Int(bitPattern: UInt(input.number()))
    report.clients = Int(bitPattern: UInt(input.number()))
    report.size = Int(bitPattern: UInt(input.number()))
    report.depth = Int(bitPattern: UInt(input.number()))
    report.rateAsked = input.byte() % 2 == 0 ? nil : input.double()
    report.duration = input.double()
    report.echoes = input.number()
    report.echoesPerSecond = input.double()
    report.bytes = input.number()
    report.bytesPerSecond = input.double()
    report.errors = input.number()
    for _ in 0..<2 { report.errorsByKind[input.text()] = input.number() }
    report.mismatches = input.number()
    report.latency?.p99 = input.double()
    report.latency?.max = input.double()
    report.service?.p50 = input.double()
    report.parts = [BenchReport.Part(name: input.text(), times: report.latency)]
    report.generatorBusy = input.double()
    report.valid = input.byte() % 2 == 0
    expectPrintable(report, bytes.count)
}

/// The report survives its own JSON, and every text about it is harmless.
///
/// - Parameter choice: 1 of the texts for each input, because they are long.
private func expectPrintable(_ report: BenchReport, _ choice: Int) {
    let again = succeeds("the JSON of a report does not parse") { try BenchReport(json: report.json()) }
    expect(again == report, "a report changes in its own JSON")
    for gate in sampleGates { judge(gate, report) }
    switch choice % 4 {
    case 0: for line in ReportTable(report).lines() { expectHarmless(line, atMost: 5000) }
    case 1:
        let lines = ReportTable(report).lines(unicode: false)
        expect(lines.allSatisfy { $0.utf8.allSatisfy { (0x20..<0x7f).contains($0) } }, "more than ASCII in \(lines)")
    default:
        let comparison = Comparison(before: report, after: choice % 4 == 2 ? report : sampleReports[1])
        for line in ComparisonTable(comparison).lines() { expectHarmless(line, atMost: 5000) }
        for limit in sampleLimits { judge(limit, comparison) }
    }
}

private let sampleGates = ["p99>5ms", "service_p50<1us", "rate<50k", "errors>0.1%", "mismatches>0"].map { text in
    succeeds(text) { try Gate(text) }
}
private let sampleLimits = ["p99=10%", "rate=0%"].map { text in succeeds(text) { try RegressionLimit(text) } }
