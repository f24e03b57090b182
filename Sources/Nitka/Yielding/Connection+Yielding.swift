// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel

extension Connection {
    /// Gives the core away before a read where that pays: then the message may have come already, and the read is not to
    /// wait. Only who has the right to read calls it.
    @inline(__always)
    func yieldsFirst() -> Bool {
        guard let yielders else { return false }
        let period = yielders.now
        switch yieldHabit.next(othersDo: period != nil) {
        case .block: return false
        case .ask: yielders.begin()
        case .yield: takeTurn(among: yielders, period)
        }
        return period != nil
    }

    @inline(never)
    private func takeTurn(among yielders: Yielders, _ period: UInt32?) {
        if let period, yieldPeriod != period {
            yieldPeriod = period
            yielders.join()
        }
        guard yieldHabit.isTimed() else { return CurrentThread.yield() }
        let start = MonotonicTime.now
        CurrentThread.yield()
        if yieldHabit.tookTurn(tooLate: yielders.isTooLong(.now - start)) { yielders.stop() }
    }

    func yielded(found: Bool) {
        if found { return yieldHabit.found() }
        yieldHabit.foundNothing()
        stopYielding()
    }

    func stopYielding() {
        if yieldPeriod == 0 { return }
        yielders?.leave(yieldPeriod)
        yieldPeriod = 0
    }
}
