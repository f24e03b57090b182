// SPDX-License-Identifier: Apache-2.0

/// A connection that a server has admitted, and serves with a task: what an async handler is given.
///
/// The verbs are those of ``AsyncConnection``. A handler may keep a client where other tasks find it and write to it:
/// after the handler has returned, the client is closed and they get an error.
public final class AsyncClient: Sendable {
    /// The client's number in this server: the first is 1.
    public let id: ClientID
    /// Its connection.
    public let connection: AsyncConnection

    let admission = AdmissionNote()

    init(id: ClientID, connection: AsyncConnection) {
        self.id = id
        self.connection = connection
    }

    /// Its address.
    public var peer: SocketAddress { connection.peer }

    /// Is the server draining? Then reads end as soon as the input is quiet; a handler that does not read should end.
    public var isDraining: Bool { connection.interruption?.isRaised ?? false }

    /// As ``AsyncConnection/read(into:)``.
    ///
    /// - Throws: as there.
    public nonisolated(nonsending) func read(
        into span: inout MutableSpan<UInt8>
    ) async throws(NitkaError) -> Int? {
        try await connection.read(into: &span)
    }

    /// As ``AsyncConnection/read()``.
    ///
    /// - Throws: as there.
    public nonisolated(nonsending) func read() async throws(NitkaError) -> [UInt8]? { try await connection.read() }

    /// As ``AsyncConnection/write(_:)-(RawSpan)``.
    ///
    /// - Throws: as there.
    public nonisolated(nonsending) func write(_ bytes: RawSpan) async throws(NitkaError) {
        try await connection.write(bytes)
    }

    /// As ``AsyncConnection/write(_:)-([UInt8])``.
    ///
    /// - Throws: as there.
    public nonisolated(nonsending) func write(_ bytes: [UInt8]) async throws(NitkaError) {
        try await connection.write(bytes)
    }

    /// As ``AsyncConnection/forward(to:)``.
    ///
    /// - Throws: as there.
    public nonisolated(nonsending) func forward(to other: AsyncClient) async throws(NitkaError) {
        try await connection.forward(to: other.connection)
    }

    /// As ``AsyncConnection/endSending()``.
    public nonisolated(nonsending) func endSending() async { await connection.endSending() }

    /// As ``AsyncConnection/shutDown()``.
    public func shutDown() { connection.shutDown() }
}

extension AsyncClient: ServedClient {
    var carried: any ServedConnection { connection }
}
