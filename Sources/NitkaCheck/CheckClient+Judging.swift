// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

extension CheckClient {
    /// Waits for the next bytes of its stream, and holds them against what was sent.
    func receive(_ count: Int, until deadline: MonotonicTime? = nil) throws(StageFailure) {
        let end = received + UInt64(count)
        while received < end {
            switch try read(until: deadline ?? context.deadline) {
            case .bytes(let bytes): try accept(bytes)
            case .end: throw cutOff
            case .silence: throw silence(missing: end - received, of: count)
            }
        }
    }

    /// Sends, and waits for the echo.
    func exchange(_ count: Int) throws(StageFailure) {
        try send(count)
        try receive(count)
    }

    /// How a connection ends.
    enum End {
        case finished
        case reset
        case never
    }

    /// Waits for the end of the stream, before which nothing may come that is not owed.
    func awaitEnd() throws(StageFailure) -> End {
        while true {
            do throws(StageFailure) {
                switch try read(until: context.deadline) {
                case .bytes(let bytes): try accept(bytes)
                case .end: return .finished
                case .silence:
                    if let late = comesLate() { throw late }
                    return .never
                }
            } catch {
                if error.reason == .reset { return .reset }
                throw error
            }
        }
    }

    /// Holds bytes against the stream. What comes beyond what was sent can't be right.
    func accept(_ bytes: [UInt8]) throws(StageFailure) {
        let owed = Int(clamping: sent - received)
        let difference = context.payload.firstDifference(in: bytes.span.bytes, client: number, offset: received)
        if difference == nil, bytes.count <= owed {
            received += UInt64(bytes.count)
            return
        }
        throw mismatch(bytes)
    }

    /// What became of the bytes: told from some more of those that came, if they come soon. Where that are too few, the
    /// echo of a few new ones is what they are told from.
    func mismatch(_ bytes: [UInt8]) -> StageFailure {
        var seen = bytes
        if !isBrief { gather(&seen) }
        if !isBrief, seen.count < bytes.count + Payload.recognisableBytes, writer == nil, !hasEndedSending {
            try? send(4 * Payload.recognisableBytes)
            gather(&seen)
        }
        guard var diagnosis = Diagnosis(of: seen.span.bytes, client: number, offset: received, in: context.payload)
        else { return StageFailure(.unsent, "client \(number) got bytes before it had sent them") }
        // Whoever changes all bytes alike changes the key that lies over them, and with it the client that it names.
        if case .foreign(let count, let other) = diagnosis.kind, !(1...max(1, context.settings.clients) ~= other) {
            diagnosis.kind = .changed(count)
        }
        return StageFailure(diagnosis.reason, diagnosis.description)
    }

    private func gather(_ seen: inout [UInt8]) {
        let enough = seen.count + 2 * Diagnosis.reach
        while seen.count < enough, case .bytes(let more)? = try? read(within: .milliseconds(200)) { seen += more }
    }
}

extension Diagnosis {
    var reason: CheckReason {
        switch kind {
        case .lost: .lost
        case .duplicated: .duplicated
        case .foreign: .foreign
        case .changed: .changed
        case .unsent: .unsent
        }
    }
}
