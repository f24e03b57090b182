// SPDX-License-Identifier: Apache-2.0
// Both handlers are verbatim from README.md; only the limits are raised. `echo-readme threads|tasks PORT`.

import Glibc
import Nitka

func serveThreads(_ server: Server) throws {
    try server.run { client in
        while let bytes = try client.read() { try client.write(bytes) }
    }
}

func serveTasks(_ server: Server) async throws {
    try await server.runTasks { client in
        while let bytes = try await client.read() { try await client.write(bytes) }
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 3, ["threads", "tasks"].contains(arguments[1]) else {
    print("usage: echo-readme threads|tasks PORT")
    exit(64)
}
let limits = try Limits(clients: 20_000, clientsPerSource: 20_000)
let server = try Server(on: "127.0.0.1:\(arguments[2])", limits: limits)
if arguments[1] == "threads" { try serveThreads(server) } else { try await serveTasks(server) }
