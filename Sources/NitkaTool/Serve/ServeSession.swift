// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Nitka
internal import NitkaSystem

/// One run of a server from its first line to its last.
struct ServeSession {
    let server: Server
    let model: ServingModel
    let loops: Int?
    let drainTime: Duration
    let logger: Logger

    /// Serves until a signal ends it; returns the exit code.
    func run() throws -> Int32 {
        let (signals, log): (Background, Background)
        do throws(Errno) {
            (signals, log) = (try startSignalThread(), try startLogThread())
        } catch {
            complain("make the threads that wait for signals and write the log: \(error)")
            CurrentProcess.exitNow(2)
        }
        let totals: ServerSnapshot
        do {
            totals = try model.serve(server, loops: loops)
        } catch {
            complain("\(error)")
            log.finish()
            CurrentProcess.exitNow(2)
        }
        log.finish()
        let cutOff = totals.endedByReason[EndReason.cutOff.code, default: 0] + totals.active
        let served =
            totals.accepted - totals.endedByReason["over_limit", default: 0]
            - totals.endedByReason["no_thread", default: 0]
        logger.always.notice(
            "served \(served.counted("client")), \(cutOff) cut off, \(totals.bytesIn) bytes in, \(totals.bytesOut) out",
            metadata: [
                "event": "ended", "served": "\(served)", "cut_off": "\(cutOff)", "bytes_in": "\(totals.bytesIn)",
                "bytes_out": "\(totals.bytesOut)",
            ])
        // The signal thread still waits for a signal, and a handler that did not return may still run: neither has
        // anything left to do.
        withExtendedLifetime(signals) {}
        CurrentProcess.exitNow(cutOff == 0 ? 0 : 3)
    }

    private func startSignalThread() throws(Errno) -> Background {
        let (server, drainTime) = (server, drainTime)
        return try Background(named: "nitka-signals") {
            let ending = [Signals.interrupt, Signals.terminate]
            _ = Signals.wait(for: ending)
            server.drain(within: drainTime)
            _ = Signals.wait(for: ending)
            server.endNow()
            // A third one does not wait for anybody.
            _ = Signals.wait(for: ending)
            CurrentProcess.exitNow(3)
        }
    }

    private func startLogThread() throws(Errno) -> Background {
        let log = EventLog(server: server, logger: logger)
        let events = server.events(about: logger.logLevel > .debug ? .server : .everything)
        return try Background(named: "nitka-log") {
            for event in events { log.log(event) }
        }
    }
}

/// A thread of the tool's own, for which nobody waits longer than a second: whoever reads the log may have stopped.
final class Background: Sendable {
    private let chain = ThreadGroup()

    init(named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        try chain.start(named: name) {
            body()
        }
    }

    func finish() { _ = chain.join(until: .now + .seconds(1)) }
}
