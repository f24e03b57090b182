// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Nitka
internal import NitkaEcho

/// Which thread runs a client.
enum ServingModel: String, CaseIterable, Sendable {
    case iterative
    case threads
    case tasks

    /// Runs the echo service. Blocks the calling thread until the server has ended.
    ///
    /// - Parameter loops: the number of event loops of `tasks`; nil for 1 for every 2 processors.
    func serve(_ server: Server, loops: Int? = nil) throws -> ServerSnapshot {
        switch self {
        case .iterative: try server.run(.iterative) { try EchoService.serve($0) }
        case .threads: try server.run(.threads) { try EchoService.serve($0) }
        case .tasks: try server.runTasksBlocking(loops: loops) { try await EchoService.serve($0) }
        }
    }
}

extension ServingModel: ExpressibleByArgument {}
