// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// How a check goes on.
public enum CheckProgress: Sendable {
    /// A stage is being asked. Of one that is skipped there is only the end.
    case began(CheckStage)
    /// What it found.
    case ended(StageReport)
}

/// Ends a check early, from any thread but the one that runs it: what was judged stands in the report, the stage that
/// was being asked and those behind it are skipped, ``CheckReason/interrupted``.
///
/// One may be given to several checks. It stays raised: a check that begins later ends at once.
public final class CheckInterruption: Sendable {
    private struct State {
        var isRaised = false
        var runs: [CheckRun] = []
    }

    private let state = Monitor(State())

    /// One that was not raised.
    public init() {}

    /// Ends the checks that it was given to; a second call does nothing.
    public func interrupt() {
        let runs = state.withLock { state in
            state.isRaised = true
            return state.runs
        }
        for run in runs { run.stop(.interrupted) }
    }

    func watch(_ run: CheckRun) {
        let isRaised = state.withLock { state in
            state.runs.append(run)
            return state.isRaised
        }
        if isRaised { run.stop(.interrupted) }
    }

    func forget(_ run: CheckRun) { state.withLock { $0.runs.removeAll { $0 === run } } }
}
