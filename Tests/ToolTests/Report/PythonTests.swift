// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Histogram
import NitkaBench
import NitkaProbe
import Subprocess
import SystemPackage
import Testing

/// A histogram log is readable by another implementation of HdrHistogram.
///
/// Skipped if Python lacks the package; `NITKA_PYTHON` names the Python to use.
@Suite struct PythonTests {
    private static let python = ProcessInfo.processInfo.environment["NITKA_PYTHON"] ?? "python3"

    private static func run(_ arguments: [String]) async throws -> String? {
        let executable: Executable = python.contains("/") ? .path(FilePath(python)) : .name(python)
        let result = try await Subprocess.run(
            executable, arguments: Arguments(arguments), output: .string(limit: 1 << 20), error: .discarded)
        return Tool.code(result.terminationStatus) == 0 ? result.standardOutput : nil
    }

    @Test(
        "HdrHistogram for Python reads the same values from a log",
        .enabled("no Python here can import hdrh (pip install hdrhistogram)") {
            (try? await run(["-c", "import hdrh.log"])) ?? nil != nil
        })
    func pythonReadsLog() async throws {
        let outcome = outcome(trip: 90_000, echoes: 5000)
        let script = """
            import sys
            from hdrh.histogram import HdrHistogram
            from hdrh.log import HistogramLogReader
            total = HdrHistogram(1, 3600000000000, 3)
            reader = HistogramLogReader(sys.argv[1], total)
            starts = []
            while True:
                interval = reader.get_next_interval_histogram()
                if interval is None: break
                starts.append(interval.get_start_time_stamp() / 1000)
                total.add(interval)
            print(total.get_total_count(), *[total.get_value_at_percentile(p) for p in (50, 90, 99, 99.9)],
                  total.get_max_value(), round(total.get_mean_value(), 3), starts)
            """
        let output = try await withFolder { folder in
            try write(HistogramLog(outcome).text, to: "\(folder)/a.hlog")
            return try await Self.run(["-c", script, "\(folder)/a.hlog"])
        }
        let expected = try #require(TimeSummary(outcome.latency))
        let mean = (expected.mean * 1000).rounded() / 1000
        let values = [expected.count, expected.p50, expected.p90, expected.p99, expected.p999, expected.max].map(
            String.init)
        #expect(output == values.joined(separator: " ") + " \(mean) [1795588200.25, 1795588201.25]\n")
    }
}
