// SPDX-License-Identifier: Apache-2.0
// The echo as README.md has it: a task for every client, which awaits each message and gets it in an array of its own.
// `echo-await PORT`.

import Nitka

var limits = Limits()
limits.clients = 20_000
limits.clientsPerSource = 20_000
let server = try Server(on: "127.0.0.1:\(CommandLine.arguments.dropFirst().first ?? "7010")", limits: limits)
print("listening on \(server.addresses[0])")
try await server.run { client in
    while let bytes = try await client.read() { try await client.write(bytes) }
}
