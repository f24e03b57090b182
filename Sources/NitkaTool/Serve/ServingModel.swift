// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaEcho

/// Who carries a client.
enum ServingModel: String, CaseIterable, Sendable {
    case iterative
    case threads
    case tasks

    /// Runs the echo service; blocks the calling thread until the server has ended.
    ///
    /// - Parameters:
    ///   - loops: how many event loops under `tasks`; nil for one a processor.
    ///   - io: how they send.
    func serve(_ server: Server, loops: Int? = nil, io: LoopIO = .auto) throws -> ServerSnapshot {
        switch self {
        case .iterative: try server.run(.iterative) { try EchoService.serve($0) }
        case .threads: try server.run(.threads) { try EchoService.serve($0) }
        case .tasks: try server.runBlocking(loops: loops, io: io) { try await EchoService.serve($0) }
        }
    }
}

/// How event loops send.
enum SendingWay: String, CaseIterable, Sendable {
    case epoll
    case uring
    case auto

    var io: LoopIO {
        switch self {
        case .epoll: .epoll
        case .uring: .uring
        case .auto: .auto
        }
    }
}

extension SendingWay: ExpressibleByArgument {}
extension ServingModel: ExpressibleByArgument {}
