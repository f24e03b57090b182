// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// Why a client can't go on.
extension CheckClient {
    var tooSlow: StageFailure {
        StageFailure(
            .tooSlow, "client \(number) was not done in time: \(received) of \(sent) bytes had come back")
    }

    var stalled: StageFailure {
        StageFailure(.stalled, "client \(number): the server took no more after \(connection.bytesSent) bytes")
    }

    var cutOff: StageFailure {
        if hasEndedSending {
            return StageFailure(
                .short, "client \(number): the stream ended with \(sent - received) of \(sent) bytes missing")
        }
        return StageFailure(.closedEarly, "client \(number): the server ended the stream at offset \(received)")
    }

    /// Nothing came for as long as an answer may take.
    func silence(missing: UInt64, of count: Int) -> StageFailure {
        // Of many clients each would wait for itself: their crowd asks for all.
        guard context.probesSilence else { return unanswered(missing, of: count) }
        if let late = comesLate() { return late }
        if let writer, !writer.isDone { return stalled }
        if hasEndedSending, received > 0 {
            return StageFailure(.short, "client \(number): \(received) of \(sent) bytes came back, then nothing")
        }
        if !hasEndedSending, let lost = lossBehindSilence() { return lost }
        return unanswered(missing, of: count)
    }

    private func unanswered(_ missing: UInt64, of count: Int) -> StageFailure {
        let patience = Figures.time(context.settings.timeout)
        if missing < UInt64(count) {
            let came = UInt64(count) - missing
            return StageFailure(
                .short, "client \(number): \(came) of \(count) bytes came back, then nothing for \(patience)")
        }
        return StageFailure(.noAnswer, "client \(number) was not answered within \(patience)")
    }

    /// After a silence: what comes all the same, and is right, comes too late. Nil when nothing comes.
    func comesLate() -> StageFailure? {
        do throws(StageFailure) {
            switch try read(within: context.lateness) {
            case .silence: return nil
            case .end where received < sent: return cutOff
            case .end: break
            case .bytes(let bytes): try accept(bytes)
            }
            return late
        } catch {
            return error
        }
    }

    /// The answer to everything that it asked came, but not in time.
    var late: StageFailure {
        let patience = Figures.time(context.settings.timeout)
        return StageFailure(.tooSlow, "client \(number): the server goes on, but only after more than \(patience)")
    }

    /// Were the missing bytes lost, or does nothing come at all? A few more bytes of the stream tell: when they come
    /// back, what was before them is lost.
    private func lossBehindSilence() -> StageFailure? {
        let probe = 4 * Payload.recognisableBytes
        do throws(StageFailure) {
            try send(probe)
            guard case .bytes(let bytes) = try read(within: context.settings.timeout) else { return nil }
            try accept(bytes)
            return nil
        } catch {
            return error.reason == .lost || error.reason == .duplicated ? error : nil
        }
    }

    /// The failure of a call.
    func failure(of error: NitkaError, _ doing: String) -> StageFailure {
        if context.watch.isExpired { return tooSlow }
        // The kernel's own end of patience is the second: nothing was acknowledged, or nothing taken.
        if error.reason == .stalled || error.reason.code == Errno.timedOut.code { return stalled }
        let isReset = error.reason.isReset
        return StageFailure(
            isReset ? .reset : .failed, "client \(number), offset \(received): \(error.reason) while \(doing)")
    }
}
