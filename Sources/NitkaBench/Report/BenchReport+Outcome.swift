// SPDX-License-Identifier: Apache-2.0

extension BenchReport {
    /// Creates the report of an outcome.
    public init(_ outcome: BenchOutcome) {
        let plan = outcome.plan
        let seconds = outcome.duration / .seconds(1)
        address = outcome.address
        began = outcome.began
        machine = outcome.machine
        mode = plan.mode.rawValue
        clientsAsked = plan.clients
        clients = outcome.clients
        size = plan.size
        depth = plan.depth
        rateAsked = plan.rate
        duration = Self.rounded(seconds)
        echoes = outcome.echoes
        echoesPerSecond = Self.perSecond(outcome.echoes, in: seconds)
        bytes = outcome.bytes
        bytesPerSecond = Self.perSecond(outcome.bytes, in: seconds)
        errors = outcome.errorCount
        errorsByKind = outcome.errors.filter { $0.value > 0 }
        mismatches = outcome.mismatches
        firstMismatch = outcome.firstMismatch
        latency = TimeSummary(outcome.latency).map(Times.init)
        service = TimeSummary(outcome.service).map(Times.init)
        parts = outcome.parts.map { Part(name: $0.name, times: TimeSummary($0.times).map(Times.init)) }
        generatorBusy = Self.rounded(outcome.busy)
        interrupted = outcome.wasInterrupted
        valid = outcome.invalidReasons.isEmpty
        invalidReasons = outcome.invalidReasons
    }

    /// 0 for a run without counted time.
    private static func perSecond(_ count: UInt64, in seconds: Double) -> Double {
        seconds > 0 ? rounded(Double(count) / seconds) : 0
    }

    /// To a thousandth; 0 for NaN and infinity, which JSON does not have.
    private static func rounded(_ value: Double) -> Double {
        value.isFinite ? (value * 1000).rounded() / 1000 : 0
    }
}
