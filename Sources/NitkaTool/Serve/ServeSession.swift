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
        let totals = Monitor<ServerSnapshot?>(nil)
        let events = server.events(about: logger.logLevel > .debug ? .server : .everything)
        let (signals, log): (BackgroundThread, BackgroundThread)
        do throws(Errno) {
            signals = try ServeSignals(server: server, drainTime: drainTime).startThread()
            log = try startLogThread(events, totals)
        } catch {
            printError("create the threads that wait for signals and write the log: \(error)")
            CurrentProcess.exitNow(Exit.notJudged.rawValue)
        }
        let snapshot: ServerSnapshot
        do {
            snapshot = try model.serve(server, loops: loops)
        } catch {
            printError("\(error)")
            log.finish()
            CurrentProcess.exitNow(Exit.notJudged.rawValue)
        }
        totals.update { $0 = snapshot }
        let code = snapshot.cutOff + snapshot.lost == 0 ? 0 : Exit.cutOff.rawValue
        guard log.finish() else {
            // A reader that does not read is no failed write: the exit code says how the drain went.
            StandardStream.error.writeIfReady(
                "nitka: \(events.unread.counted("log line")) not written: standard output is full\n")
            CurrentProcess.exitNow(code)
        }
        // Exit without a join: the signal thread still waits, and a handler that was cut off may never return.
        withExtendedLifetime(signals) {}
        CurrentProcess.exitNow(StandardOutput.exitCode(code, needsReader: true))
    }

    /// One thread writes to standard output, the last line too: a reader that stops can block it for ever.
    private func startLogThread(
        _ events: EventStream, _ totals: Monitor<ServerSnapshot?>
    ) throws(Errno) -> BackgroundThread {
        let log = EventLog(server: server, logger: logger)
        return try BackgroundThread(named: "nitka-log") {
            for event in events { log.log(event) }
            if let totals = totals.wait(for: { $0 }) { log.logEnd(totals) }
        }
    }
}

/// The signals of `serve`.
struct ServeSignals {
    let server: Server
    let drainTime: Duration

    private static let handled = [Signals.interrupt, Signals.terminate, Signals.hangUp]

    /// Call it before any thread is created: a new thread inherits the mask, and only the waiting thread may get a signal.
    static func prepare() {
        Signals.block(handled)
        // Ignored and not handled: Swift's crash report stops each thread with one of them.
        for number in [Signals.user1, Signals.user2] { Signals.ignore(number) }
    }

    /// Starts the thread that waits for the signals. They must be blocked in all threads.
    func startThread() throws(Errno) -> BackgroundThread {
        try BackgroundThread(named: "nitka-signals") { wait() }
    }

    /// The first request to end starts a drain, the second ends the server at once, the third does not wait for handlers
    /// that ignore the end of their connection.
    private func wait() {
        // nohup(1), a service manager and setsid(1) detach a server from its terminal: then SIGHUP is no request.
        let isDetached = Signals.isIgnored(Signals.hangUp) || !CurrentProcess.hasTerminal
        var requests = SignalCounter()
        while true {
            if Signals.wait(for: Self.handled) == Signals.hangUp, isDetached { continue }
            if requests.add(at: .now) { end(requests.count) }
        }
    }

    private func end(_ request: Int) {
        switch request {
        case 1: server.drain(within: drainTime)
        case 2: server.endNow()
        default: CurrentProcess.exitNow(Exit.cutOff.rawValue)
        }
    }
}

extension ServerSnapshot {
    var cutOff: UInt64 { endedByReason[EndReason.cutOff.code, default: 0] + active }

    /// Clients that waited for a thread until the drain ended: the server had accepted them, and served none of them.
    var lost: UInt64 { endedByReason["no_thread", default: 0] }

    var served: UInt64 { accepted - endedByReason["over_limit", default: 0] - lost }
}

/// A thread of the tool itself.
final class BackgroundThread: Sendable {
    private let threads = ThreadGroup()

    init(named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        try threads.start(named: name) {
            body()
        }
    }

    /// Waits until the thread has ended, 500 ms at most; returns false if it has not. A reader that does not read the log
    /// can block it for ever.
    @discardableResult
    func finish() -> Bool { threads.join(until: .now + .milliseconds(500)) }
}
