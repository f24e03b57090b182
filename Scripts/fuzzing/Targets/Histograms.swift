// SPDX-License-Identifier: Apache-2.0

@testable import NitkaBench

internal import Histogram

/// Whole logs, as `nitka merge` reads them.
func fuzzHistogramLogs(_ bytes: [UInt8]) {
    let log: HistogramLog
    do throws(ReportError) {
        log = try HistogramLog(reading: text(of: bytes))
    } catch {
        // It may contain text from the file, and the tool escapes it.
        expect(error.description.utf8.count <= bytes.count + 200, "a long error: \(error)")
        return
    }
    let count = log.total.totalCount
    for interval in log.intervals {
        expect((0..<2e11).contains(interval.start) && (0..<1e11).contains(interval.length), "an interval out of range")
    }
    let again = succeeds("the text of a log does not parse") { try HistogramLog(reading: log.text) }
    expect(again.total.totalCount == count, "a log of \(count) times reads as \(again.total.totalCount)")
    expect(again.intervals.count == log.intervals.count, "intervals were lost")
    let merged = HistogramLog(merging: [log, again])
    expect(merged.total.totalCount == 2 * count, "merging \(count) times twice yields \(merged.total.totalCount)")
    show(log.total)
}

/// The counts of a histogram, in a correct envelope.
func fuzzHistogramCounts(_ bytes: [UInt8]) {
    let empty = HistogramPayload.encode(BenchOutcome.histogram())
    let header = succeeds("an empty histogram does not unwrap") { try StoredZlib.unwrap(empty[8...]) }
    var plain = Array(header.prefix(4))
    plain.append(number: UInt32(bytes.count))
    plain += header[8..<40] + bytes
    guard let times = try? HistogramPayload.decode(envelope(plain)) else { return }
    expect(times.totalCount < 1 << 41, "\(times.totalCount) times are accepted")
    // 1 of them for each input: each takes several passes over up to 30,000 cells.
    switch bytes.count % 3 {
    case 0:
        let encoded = HistogramPayload.encode(times)
        let again = succeeds("an encoded histogram does not decode") { try HistogramPayload.decode(encoded) }
        expect(again.totalCount == times.totalCount, "\(times.totalCount) times decode as \(again.totalCount)")
    case 1: expect(CompactTimes(times).times.totalCount == times.totalCount, "a compact histogram loses times")
    default: show(times)
    }
}

/// The envelope of a histogram: zlib, cookie and header.
func fuzzHistogramPayloads(_ bytes: [UInt8]) {
    _ = try? HistogramPayload.decode(bytes)
    _ = try? HistogramPayload.decode(envelope(bytes))
    if let plain = try? StoredZlib.unwrap(bytes[...]) {
        expect(plain.count <= bytes.count, "\(bytes.count) stored bytes unwrap to \(plain.count)")
    }
    let unwrapped = succeeds("wrapped bytes do not unwrap") { try StoredZlib.unwrap(StoredZlib.wrap(bytes)[...]) }
    expect(unwrapped == bytes, "wrapped bytes unwrap to others")
}

private func envelope(_ plain: [UInt8]) -> [UInt8] {
    let stream = StoredZlib.wrap(plain)
    var bytes: [UInt8] = []
    bytes.append(number: 0x1c84_9314 as UInt32)
    bytes.append(number: UInt32(stream.count))
    return bytes + stream
}

/// Prints a foreign histogram as `nitka merge` does.
private func show(_ times: Histogram<UInt64>) {
    guard let summary = TimeSummary(times) else { return expect(times.totalCount == 0, "no summary of some times") }
    expect(summary.count == times.totalCount, "a summary of another number of times")
    let ranks = [summary.p50, summary.p90, summary.p99, summary.p999]
    expect(ranks == ranks.sorted() && summary.p999 <= summary.max, "percentiles in the wrong order: \(summary)")
    for line in TimesSummaryTable(summary).lines() + TextHistogram(times).lines() { expectHarmless(line, atMost: 400) }
}
