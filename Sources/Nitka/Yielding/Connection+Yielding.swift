// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// All of it but ``stopYielding()`` at the end of the connection is for who has the right to read.
extension Connection {
    /// Before a read: gives the core away where that pays. If it did, the read is not to wait.
    @inline(__always)
    func hasYielded() -> Bool {
        guard let yielders else { return false }
        guard yielders.areOn else {
            stopYielding()
            if yieldHabit.asks() { yielders.begin() }
            return false
        }
        guard yieldHabit.yields() else {
            stopYielding()
            return false
        }
        takeTurn(among: yielders)
        return true
    }

    @inline(never)
    private func takeTurn(among yielders: Yielders) {
        if !yieldHabit.isCounted {
            yieldHabit.isCounted = true
            yielders.join()
        }
        let start = MonotonicTime.now.nanoseconds
        CurrentThread.yield()
        let turn = MonotonicTime.now.nanoseconds &- start
        if yieldHabit.tookTurn(turn, longest: yielders.longestTurn) { yielders.stop() }
    }

    /// Has a message come with the turn? If not, the reader waits for one, or for none any more.
    func tookTurn(foundMessage: Bool) {
        if foundMessage { return yieldHabit.found() }
        yieldHabit.foundNothing()
        stopYielding()
    }

    /// Before the reader waits in another way, and at its end.
    func stopYielding() {
        guard yieldHabit.isCounted else { return }
        yieldHabit.isCounted = false
        yielders?.leave()
    }
}
