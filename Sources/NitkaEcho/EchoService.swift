// SPDX-License-Identifier: Apache-2.0

public import Nitka

/// The echo service of RFC 862: everything that a client sends returns, byte for byte and in order, until the client has
/// finished sending and has everything back.
public enum EchoService {
    /// Serves one client: `try server.run { try EchoService.serve($0) }`.
    ///
    /// Blocks the calling thread until the client has finished. After a half-close the client still gets everything back.
    ///
    /// - Throws: what reading and writing throw.
    @available(*, noasync, message: "a Client blocks its thread; an async handler gets an AsyncClient")
    public static func serve(_ client: Client) throws { try client.forward(to: client) }

    /// Serves one client: `try await server.runTasks { try await EchoService.serve($0) }`.
    ///
    /// Suspends the task until the client has finished. After a half-close the client still gets everything back.
    ///
    /// - Throws: what reading and writing throw.
    public nonisolated(nonsending) static func serve(_ client: AsyncClient) async throws {
        try await client.forward(to: client)
    }
}
