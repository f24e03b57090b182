// SPDX-License-Identifier: Apache-2.0

public import Nitka

/// The echo service of RFC 862: whatever a client sends comes back, byte for byte and in order, until the client has
/// finished sending and has everything back.
public enum EchoService {
    /// Serves one client: hand it to ``Nitka/Server/run(_:stackBytes:_:)``.
    ///
    /// Blocks the calling thread until the client has finished. Half-close is served in full.
    ///
    /// - Throws: what reading and writing throw.
    public static func serve(_ client: Client) throws {
        try client.forward(to: client)
    }

    /// Serves one client without blocking: hand it to the `run` that takes an async handler.
    ///
    /// - Throws: what reading and writing throw.
    public static func serve(_ client: AsyncClient) async throws {
        try await client.forward(to: client)
    }
}
