// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// The failures of a client, diagnosed from what did and did not come back.
extension CheckClient {
    var overTimeLimit: StageFailure {
        StageFailure(
            .tooSlow, "client \(number) exceeded the stage's time limit: \(received) of \(counted(sent)) came back")
    }

    var stalled: StageFailure {
        StageFailure(
            .stalled, "client \(number): the server stopped reading after \(counted(connection.bytesSent)) were sent")
    }

    var endedEarly: StageFailure {
        if hasClosedWrite {
            return StageFailure(
                .short, "client \(number): the stream ended with \(sent - received) of \(counted(sent)) missing")
        }
        return StageFailure(.closedEarly, "client \(number): the server ended the stream at offset \(received)")
    }

    /// All replies arrived, but after the timeout.
    var late: StageFailure {
        let timeout = Figures.time(context.settings.timeout)
        return StageFailure(.tooSlow, "client \(number): the server replied, but only after more than \(timeout)")
    }

    /// Diagnoses why nothing arrived within the timeout.
    func silence(missing: UInt64, of count: Int) -> StageFailure {
        // In a group, each client would wait in turn: the group looks for late replies once for all clients.
        guard context.probesSilence else { return unanswered(missing, of: count) }
        if let late = lateReply() { return late }
        if let writer, !writer.isDone { return stalled }
        if hasClosedWrite, received > 0 {
            return StageFailure(.short, "client \(number): \(received) of \(counted(sent)) came back, then nothing")
        }
        if !hasClosedWrite, let lost = lossBehindSilence() { return lost }
        return unanswered(missing, of: count)
    }

    private func unanswered(_ missing: UInt64, of count: Int) -> StageFailure {
        let timeout = Figures.time(context.settings.timeout)
        if missing < UInt64(count) {
            let arrived = UInt64(count) - missing
            return StageFailure(
                .short,
                "client \(number): \(arrived) of \(counted(UInt64(count))) came back, then nothing for \(timeout)")
        }
        return StageFailure(.noAnswer, "client \(number) got no reply within \(timeout)")
    }

    /// Waits once more after the timeout: ``late`` if correct bytes arrive, their failure if wrong ones do, and nil if
    /// nothing arrives.
    func lateReply() -> StageFailure? {
        do throws(StageFailure) {
            switch try read(within: context.lateReplyLimit) {
            case .silence: return nil
            case .end where received < sent: return endedEarly
            case .end: break
            case .bytes(let bytes): try accept(bytes)
            }
            return late
        } catch {
            return error
        }
    }

    /// Distinguishes lost bytes from a server that sends nothing: if bytes that are sent now come back, the missing bytes
    /// before them are lost.
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

    /// Diagnoses wrong bytes, if possible with the help of bytes that arrive soon after them.
    ///
    /// If too few arrive, the client sends a few more bytes and uses their echo.
    func mismatch(_ bytes: [UInt8]) -> StageFailure {
        var seen = bytes
        if !diagnosesAtOnce { gather(&seen) }
        if !diagnosesAtOnce, seen.count < bytes.count + Payload.recognisableBytes, writer == nil, !hasClosedWrite {
            try? send(4 * Payload.recognisableBytes)
            gather(&seen)
        }
        guard var diagnosis = Diagnosis(of: seen.span.bytes, client: number, offset: received, in: context.payload)
        else { return StageFailure(.unsent, "client \(number) received bytes before it sent them") }
        // A server that changes every byte in the same way also changes the client number that the bytes encode.
        if case .foreign(let count, let other) = diagnosis.kind, !(1...max(1, context.settings.clients) ~= other) {
            diagnosis.kind = .changed(count)
        }
        return StageFailure(diagnosis.reason, diagnosis.description)
    }

    private func gather(_ seen: inout [UInt8]) {
        let enough = seen.count + 2 * Diagnosis.reach
        while seen.count < enough, case .bytes(let more)? = try? read(within: .milliseconds(200)) { seen += more }
    }

    /// The failure for an error of a call.
    func failure(of error: NitkaError, _ activity: String) -> StageFailure {
        if context.watchdog.isExpired { return overTimeLimit }
        // ETIMEDOUT is the kernel's own timeout: the peer acknowledged nothing, or kept its window closed.
        if error.reason == .writeTimeout || error.reason.code == Errno.timedOut.code { return stalled }
        let isReset = error.reason.isReset
        return StageFailure(
            isReset ? .reset : .failed, "client \(number), offset \(received): \(error.reason) while \(activity)")
    }

    private func counted(_ bytes: UInt64) -> String { bytes == 1 ? "1 byte" : "\(bytes) bytes" }
}

extension Diagnosis {
    fileprivate var reason: CheckReason {
        switch kind {
        case .lost: .lost
        case .duplicated: .duplicated
        case .foreign: .foreign
        case .changed: .changed
        case .unsent: .unsent
        }
    }
}
