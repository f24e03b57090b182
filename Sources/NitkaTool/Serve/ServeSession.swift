// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Logging
internal import Nitka
internal import NitkaSystem

/// Serves until a signal ends the server, logs its events and totals, and decides the exit code.
struct ServeSession {
    let server: Server
    let model: ServingModel
    let loops: Int?
    let drainTime: Duration
    let logger: Logger

    /// Serves until a signal ends the server, then exits the process.
    func run() -> Never {
        let (signals, log): (BackgroundThread, BackgroundThread)
        do throws(Errno) {
            (signals, log) = (try startSignalThread(), try startLogThread())
        } catch {
            printError("create the threads that wait for signals and write the log: \(error)")
            CurrentProcess.exitNow(Exit.notJudged.rawValue)
        }
        let totals: ServerSnapshot
        do {
            totals = try model.serve(server, loops: loops)
        } catch {
            printError("\(error)")
            log.finish()
            CurrentProcess.exitNow(Exit.notJudged.rawValue)
        }
        log.finish()
        let cutOff = totals.endedByReason[EndReason.cutOff.code, default: 0] + totals.active
        // A client that waited for a thread until the drain ended: it was accepted, and nothing was served.
        let lost = totals.endedByReason["no_thread", default: 0]
        let served = totals.accepted - totals.endedByReason["over_limit", default: 0] - lost
        logger.always.notice(
            """
            served \(served.counted("client")), \(cutOff) cut off, \(lost == 0 ? "" : "\(lost) lost, ")\
            \(totals.bytesIn.counted("byte")) in, \(totals.bytesOut) out
            """,
            metadata: [
                "event": "ended", "served": "\(served)", "cut_off": "\(cutOff)", "lost": "\(lost)",
                "bytes_in": "\(totals.bytesIn)", "bytes_out": "\(totals.bytesOut)",
            ])
        // Exit without a join: the signal thread still waits, and a handler that was cut off may never return.
        withExtendedLifetime(signals) {}
        let code = cutOff + lost == 0 ? 0 : Exit.cutOff.rawValue
        CurrentProcess.exitNow(StandardOutput.exitCode(code, needsReader: true))
    }

    private func startSignalThread() throws(Errno) -> BackgroundThread {
        let (server, drainTime) = (server, drainTime)
        return try BackgroundThread(named: "nitka-signals") {
            let ending = [Signals.interrupt, Signals.terminate]
            var requests = SignalCounter()
            requests.wait(for: ending)
            server.drain(within: drainTime)
            requests.wait(for: ending)
            server.endNow()
            // A third signal does not wait for handlers that ignore the end of their connection.
            requests.wait(for: ending)
            CurrentProcess.exitNow(Exit.cutOff.rawValue)
        }
    }

    private func startLogThread() throws(Errno) -> BackgroundThread {
        let log = EventLog(server: server, logger: logger)
        let events = server.events(about: logger.logLevel > .debug ? .server : .everything)
        return try BackgroundThread(named: "nitka-log") {
            for event in events { log.log(event) }
        }
    }
}

/// A thread of the tool itself. `finish` waits at most 1 second for it: a reader that stops reading the log can block
/// it forever.
final class BackgroundThread: Sendable {
    private let threads = ThreadGroup()

    init(named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        try threads.start(named: name) {
            body()
        }
    }

    func finish() { _ = threads.join(until: .now + .seconds(1)) }
}
