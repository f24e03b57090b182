// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// One client of a churn: connects, has one echo, closes, and comes again.
struct Visitor {
    let number: Int
    let worker: BenchWorker

    /// The parts of a visit, as they are reported.
    static let parts = ["connect", "first byte", "close"]

    nonisolated(nonsending) func live() async {
        var identity = number
        let problem = await visit(due: worker.readClock(), identity: identity)
        var wasGreeted = problem == nil
        if let problem { worker.note(problem, isFirst: true) } else { worker.greeted(isSettled: true) }
        guard let timing = await worker.started() else { return }
        var schedule = worker.plan.rate.map {
            Schedule(start: timing.start, client: number, of: worker.plan.clients, rate: $0)
        }
        var pause = ReconnectPause()
        while let due = await nextDue(&schedule) {
            identity += worker.plan.clients
            guard let problem = await visit(due: due, identity: identity) else {
                if !wasGreeted { worker.greeted(isSettled: false) }
                wasGreeted = true
                pause = ReconnectPause()
                continue
            }
            worker.note(problem, isFirst: false)
            await worker.pause(until: worker.loop.now &+ pause.next(wasGreeted: false))
        }
        if let schedule, !worker.isCancelled { worker.giveUp(schedule) }
    }

    /// Waits until the next visit is due: at once in a closed loop; nil when there is none any more.
    private nonisolated(nonsending) func nextDue(_ schedule: inout Schedule?) async -> Int64? {
        let due = schedule?.next ?? worker.readClock()
        guard let end = worker.timing?.end, due < end, !worker.isCancelled else { return nil }
        // What the server kept from being begun until its patience is over will not be begun.
        guard worker.readClock() < end &+ worker.patience else { return nil }
        schedule?.advance()
        let waits = due > worker.readClock()
        if waits { await worker.pause(until: due) }
        if worker.isCancelled || worker.readClock() < due { return nil }
        if schedule != nil {
            // One that was still on its last visit is not late by the generator's fault.
            worker.recorder.began(due: due, at: worker.readClock(), lag: waits ? worker.now &- due : 0)
        }
        return due
    }

    private nonisolated(nonsending) func visit(due: Int64, identity: Int) async -> BenchProblem? {
        let size = worker.plan.size
        let bytes = worker.payload.bytes(client: identity, offset: 0, count: size)
        let sent = worker.readClock()
        do throws(NitkaError) {
            let connection = try await AsyncConnection.open(to: worker.address, timeout: worker.plan.timeout)
            defer { connection.close() }
            // One that drips its echo has no more time than one that is silent.
            let deadline = sent &+ worker.patience
            func patience() -> Duration { .nanoseconds(max(1_000_000, deadline &- worker.readClock())) }
            connection.readTimeout = patience()
            connection.writeTimeout = worker.plan.timeout
            let connected = worker.readClock()
            try await connection.write(bytes)
            var came = 0
            var firstByte: Int64 = 0
            while came < size {
                guard let more = try await connection.read() else { return .error("closed by the server") }
                if came == 0 { firstByte = worker.readClock() }
                if worker.payload.firstDifference(in: more.span.bytes, client: identity, offset: UInt64(came)) != nil {
                    let what = worker.diagnosis(of: more.span.bytes, client: identity, offset: UInt64(came))
                    return .mismatch(what)
                }
                came += more.count
                connection.readTimeout = patience()
            }
            if came > size { return .mismatch("client \(number + 1): \(came - size) bytes more than were sent") }
            let back = worker.readClock()
            await connection.endSending()
            if try await connection.read() != nil { return .mismatch("client \(number + 1): bytes after the echo") }
            let closed = worker.readClock()
            if worker.recorder.counts(due) {
                worker.recorder.part(0, connected &- sent)
                worker.recorder.part(1, firstByte &- connected)
                worker.recorder.part(2, closed &- back)
            }
            worker.recorder.echo(MessageQueue.Message(due: due, sent: sent), at: closed, bytes: size)
            return nil
        } catch {
            return .error(error.reason == .idle ? "timed out" : errorKind(error))
        }
    }
}
