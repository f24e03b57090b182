// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A connection that a server has admitted: the argument of a plain handler.
///
/// It has the methods of ``Connection``. A handler may keep it in a registry from which other threads write to it. When
/// the handler has returned, the server closes the client, and these writes throw.
public final class Client: ServedClient {
    /// The client's number in this server; the first is 1.
    public let id: ClientID
    /// Its connection.
    public let connection: Connection

    let admitted = MonotonicTime.now
    let endDecision = EndDecision()

    init(id: ClientID, connection: Connection) {
        self.id = id
        self.connection = connection
    }

    /// Its address.
    public var peer: SocketAddress { connection.peer }

    /// Whether the server drains. Reads then end as soon as the input is quiet; a handler that does not read should end.
    public var isDraining: Bool { connection.isDraining }

    /// As ``Connection/read(into:)``.
    @available(*, noasync, message: "Client blocks its thread; async code uses AsyncClient")
    public func read(into span: inout MutableSpan<UInt8>) throws(NitkaError) -> Int? {
        try connection.read(into: &span)
    }

    /// As ``Connection/read()``.
    @available(*, noasync, message: "Client blocks its thread; async code uses AsyncClient")
    public func read() throws(NitkaError) -> [UInt8]? { try connection.read() }

    /// As ``Connection/write(_:)-(RawSpan)``.
    @available(*, noasync, message: "Client blocks its thread; async code uses AsyncClient")
    public func write(_ bytes: RawSpan) throws(NitkaError) { try connection.write(bytes) }

    /// As ``Connection/write(_:)-([UInt8])``.
    @available(*, noasync, message: "Client blocks its thread; async code uses AsyncClient")
    public func write(_ bytes: [UInt8]) throws(NitkaError) { try connection.write(bytes) }

    /// As ``Connection/forward(to:)``.
    @available(*, noasync, message: "Client blocks its thread; async code uses AsyncClient")
    public func forward(to other: Client) throws(NitkaError) { try connection.forward(to: other.connection) }

    /// As ``Connection/closeWrite()``.
    @available(*, noasync, message: "Client blocks its thread; async code uses AsyncClient")
    public func closeWrite() { connection.closeWrite() }

    /// As ``Connection/shutDown()``.
    public func shutDown() { connection.shutDown() }
}

/// A connection that a server has admitted, and serves with a task: the argument of an async handler.
///
/// It has the methods of ``AsyncConnection``. A handler may keep it in a registry from which other tasks write to it.
/// When the handler has returned, the server closes the client, and these writes throw.
public final class AsyncClient: ServedClient {
    /// The client's number in this server; the first is 1.
    public let id: ClientID
    /// Its connection.
    public let connection: AsyncConnection

    let admitted = MonotonicTime.now
    let endDecision = EndDecision()

    init(id: ClientID, connection: AsyncConnection) {
        self.id = id
        self.connection = connection
    }

    /// Its address.
    public var peer: SocketAddress { connection.peer }

    /// Whether the server drains. Reads then end as soon as the input is quiet; a handler that does not read should end.
    public var isDraining: Bool { connection.isDraining }

    /// As ``AsyncConnection/read(into:)``.
    public nonisolated(nonsending) func read(into span: inout MutableSpan<UInt8>) async throws(NitkaError) -> Int? {
        try await connection.read(into: &span)
    }

    /// As ``AsyncConnection/read()``.
    public nonisolated(nonsending) func read() async throws(NitkaError) -> [UInt8]? { try await connection.read() }

    /// As ``AsyncConnection/write(_:)-(RawSpan)``.
    public nonisolated(nonsending) func write(_ bytes: RawSpan) async throws(NitkaError) {
        try await connection.write(bytes)
    }

    /// As ``AsyncConnection/write(_:)-([UInt8])``.
    public nonisolated(nonsending) func write(_ bytes: [UInt8]) async throws(NitkaError) {
        try await connection.write(bytes)
    }

    /// As ``AsyncConnection/forward(to:)``.
    public nonisolated(nonsending) func forward(to other: AsyncClient) async throws(NitkaError) {
        try await connection.forward(to: other.connection)
    }

    /// As ``AsyncConnection/closeWrite()``.
    public nonisolated(nonsending) func closeWrite() async { await connection.closeWrite() }

    /// As ``AsyncConnection/shutDown()``.
    public func shutDown() { connection.shutDown() }
}
