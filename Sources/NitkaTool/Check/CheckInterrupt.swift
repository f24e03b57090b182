// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import NitkaCheck

/// SIGINT and SIGTERM while a check runs: the first ends it with the report of what was judged, the second ends the
/// program.
struct CheckInterrupt {
    let interruption = CheckInterruption()
    private let thread: Background?

    private static let ending = [Signals.interrupt, Signals.terminate]

    /// Call it before any other thread is made: a signal must reach the thread that waits for it.
    ///
    /// - Parameter code: what the second signal exits with.
    init(secondExitsWith code: Int32) {
        Signals.block(Self.ending)
        let interruption = interruption
        thread = try? Background(named: "nitka-signals") {
            _ = Signals.wait(for: Self.ending)
            interruption.interrupt()
            _ = Signals.wait(for: Self.ending)
            CurrentProcess.exitNow(code)
        }
        if thread == nil { Signals.unblock(Self.ending) }
    }
}
