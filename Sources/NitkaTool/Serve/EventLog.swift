// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Nitka

/// Says in words what happens in a server.
struct EventLog {
    let server: Server
    let logger: Logger

    func log(_ event: ServerEvent) {
        switch event {
        case .serving: announce()
        case .clientCame(let id, let peer, let thread):
            logger.debug(
                "client \(id) came from \(peer) on thread \(thread)",
                metadata: [
                    "event": "came", "client": "\(id)", "peer": "\(peer)", "thread": "\(thread.name)",
                    "thread_id": "\(thread.id)",
                ])
        case .clientLeft(let record): logLeft(record)
        case .full(let clients):
            logger.info(
                "full: \(clients) clients are there; who comes now waits or is closed", metadata: ["event": "full"])
        case .limitLowered(let old, let limit):
            logger.notice(
                "clients at once lowered from \(old): the machine has room for \(limit)",
                metadata: ["event": "limit", "clients": "\(limit.clients)"])
        case .acceptTrouble(let reason, let count):
            logger.warning("\(reason) (\(count) times)", metadata: ["event": "trouble", "count": "\(count)"])
        case .draining(let clients):
            logger.info("draining \(clients) clients", metadata: ["event": "draining", "clients": "\(clients)"])
        case .listenerFailed(let reason): logger.error("\(reason)", metadata: ["event": "listener_failed"])
        case .missed(let count):
            logger.warning(
                "\(count) lines are missing here: the log was read too slowly", metadata: ["event": "missed"])
        }
    }

    private func announce() {
        let addresses = server.addresses.map(\.description).joined(separator: ", ")
        logger.always.notice("listening on \(addresses)", metadata: ["event": "listening", "address": "\(addresses)"])
        for skipped in server.skippedAddresses { logger.warning("\(skipped)") }
    }

    private func logLeft(_ record: ClientRecord) {
        let thread = record.thread.map { " on thread \($0)" } ?? ""
        logger.debug(
            """
            client \(record.id) left from \(record.peer)\(thread): \(record.reason), \(record.bytesIn) bytes in, \
            \(record.bytesOut) out, \(shown(record.duration))
            """,
            metadata: [
                "event": "left", "client": "\(record.id)", "peer": "\(record.peer)", "reason": "\(record.reason.kind)",
                "detail": "\(record.reason)", "bytes_in": "\(record.bytesIn)", "bytes_out": "\(record.bytesOut)",
                "duration_us": "\(Int(record.duration / .microseconds(1)))", "thread": "\(record.thread?.name ?? "")",
                "thread_id": "\(record.thread?.id ?? 0)",
            ])
    }
}

extension Logger {
    /// For what is said at every level: where the server listens, and what it did.
    var always: Logger {
        var logger = self
        logger.logLevel = .trace
        return logger
    }
}
