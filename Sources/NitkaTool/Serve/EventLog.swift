// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Nitka

/// Logs the events of a server.
struct EventLog {
    let server: Server
    let logger: Logger

    func log(_ event: ServerEvent) {
        switch event {
        case .serving: announce()
        case .clientStarted(let id, let peer, let thread):
            logger.debug(
                "client \(id) from \(peer) started on thread \(thread)",
                metadata: [
                    "event": "client_started", "client": "\(id)", "peer": "\(peer)", "thread": "\(thread.name)",
                    "thread_id": "\(thread.id)",
                ])
        case .clientEnded(let record): logEnd(of: record)
        case .full(let clients):
            let rest =
                server.limits.whenFull == .wait
                ? "new connections wait in the backlog" : "new connections are closed at once"
            logger.info("full: \(clients.counted("client")); \(rest)", metadata: ["event": "full"])
        case .limitLowered(let old, let limit):
            logger.notice(
                "client limit lowered from \(old): the machine has resources for \(limit)",
                metadata: ["event": "limit_lowered", "clients": "\(limit.clients)"])
        case .acceptTrouble(let reason, let count):
            logger.warning(
                "\(reason) (\(count.counted("time")))", metadata: ["event": "accept_trouble", "count": "\(count)"])
        case .paused: logger.info("paused; new connections wait in the backlog", metadata: ["event": "paused"])
        case .resumed: logger.info("resumed", metadata: ["event": "resumed"])
        case .draining(let clients):
            logger.info(
                "draining \(clients.counted("client"))", metadata: ["event": "draining", "clients": "\(clients)"])
        case .listenerFailed(let reason): logger.error("\(reason)", metadata: ["event": "listener_failed"])
        case .missed(let count):
            logger.warning(
                "\(count.counted("log line")) dropped: the reader of the log is too slow",
                metadata: ["event": "missed", "count": "\(count)"])
        }
    }

    private func announce() {
        let addresses = server.addresses.map(\.description).joined(separator: ", ")
        logger.always.notice("listening on \(addresses)", metadata: ["event": "listening", "address": "\(addresses)"])
        for skipped in server.skippedAddresses { logger.warning("\(skipped)") }
    }

    /// The last line.
    func logEnd(_ totals: ServerSnapshot) {
        logger.always.notice(
            """
            served \(totals.served.counted("client")), \(totals.cutOff) cut off, \
            \(totals.lost == 0 ? "" : "\(totals.lost) lost, ")\
            \(totals.bytesIn.counted("byte")) in, \(totals.bytesOut) out
            """,
            metadata: [
                "event": "ended", "served": "\(totals.served)", "cut_off": "\(totals.cutOff)", "lost": "\(totals.lost)",
                "bytes_in": "\(totals.bytesIn)", "bytes_out": "\(totals.bytesOut)",
            ])
    }

    private func logEnd(of record: ClientRecord) {
        let thread = record.thread.map { " on thread \($0)" } ?? ""
        logger.debug(
            """
            client \(record.id) from \(record.peer)\(thread) ended: \(record.reason), \
            \(record.bytesIn.counted("byte")) in, \(record.bytesOut) out, \(shown(record.duration))
            """,
            metadata: [
                "event": "client_ended", "client": "\(record.id)", "peer": "\(record.peer)",
                "reason": "\(record.reason.code)", "detail": "\(record.reason.detail ?? "")",
                "bytes_in": "\(record.bytesIn)", "bytes_out": "\(record.bytesOut)",
                "duration_us": "\(Int(record.duration / .microseconds(1)))", "thread": "\(record.thread?.name ?? "")",
                "thread_id": "\(record.thread?.id ?? 0)",
            ])
    }
}

extension Logger {
    /// A logger for the lines that are printed at every log level: the server's address and its totals.
    var always: Logger {
        var logger = self
        logger.logLevel = .trace
        return logger
    }
}
