// SPDX-License-Identifier: Apache-2.0

// Runs libFuzzer with one of the targets: nitka-fuzz TARGET [FLAG|CORPUS]...
// One program contains all targets, so that they are linked once.

/// The functions that libFuzzer can call. Each gets the bytes of one input, and traps if a property does not hold.
let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "addresses": fuzzAddresses,
    "check-reports": fuzzCheckReports,
    "command-line": fuzzCommandLine,
    "escapes": fuzzEscapes,
    "gates": fuzzGates,
    "histogram-counts": fuzzHistogramCounts,
    "histogram-logs": fuzzHistogramLogs,
    "histogram-payloads": fuzzHistogramPayloads,
    "numbers": fuzzNumbers,
    "payloads": fuzzPayloads,
    "quantities": fuzzQuantities,
    "report-values": fuzzReportValues,
    "reports": fuzzReports,
    "socket-addresses": fuzzSocketAddresses,
]

let name = CommandLine.arguments.dropFirst().first ?? ""
guard let target = targets[name] else {
    fatalError("no target \"\(name)\"; the targets are \(targets.keys.sorted().joined(separator: ", "))")
}
let chosen = target

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

// The driver of libFuzzer, with the C calling convention of these plain arguments.
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

// Without the target's name, which libFuzzer would take for a folder.
var count = CommandLine.argc - 1
var arguments = CommandLine.unsafeArgv
arguments[1] = arguments[0]
arguments += 1
let status = runDriver(&count, &arguments, testOneInput)
if status != 0 { fatalError("libFuzzer ended with \(status)") }
