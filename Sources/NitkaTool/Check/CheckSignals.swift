// SPDX-License-Identifier: Apache-2.0

internal import NitkaCheck
internal import NitkaSystem

/// Handles SIGINT and SIGTERM during a check: the first signal ends the check early and keeps its report, the second
/// ends the process.
struct CheckSignals {
    let interruption = CheckInterruption()
    private let thread: BackgroundThread?

    private static let handled = [Signals.interrupt, Signals.terminate]

    /// Blocks the signals, and starts the thread that waits for them.
    ///
    /// Create it before any other thread: a new thread inherits the signal mask, and only the waiting thread may
    /// receive these signals.
    ///
    /// - Parameter code: the exit code after a second signal.
    init(secondExitsWith code: Int32) {
        Signals.block(Self.handled)
        let interruption = interruption
        thread = try? BackgroundThread(named: "nitka-signals") {
            var requests = SignalCounter()
            requests.wait(for: Self.handled)
            interruption.interrupt()
            requests.wait(for: Self.handled)
            CurrentProcess.exitNow(code)
        }
        // Without the thread, a signal must end the process as usual.
        if thread == nil { Signals.unblock(Self.handled) }
    }
}
