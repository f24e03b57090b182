// SPDX-License-Identifier: Apache-2.0

/// A connection that a server has admitted: what a handler is given.
///
/// The verbs are those of ``Connection``. A handler may keep a client where other threads find it and write to it: after
/// the handler has returned, the client is closed and they get an error.
public final class Client: Sendable {
    /// The client's number in this server: the first is 1.
    public let id: ClientID
    /// Its connection.
    public let connection: Connection

    let admission = AdmissionNote()

    init(id: ClientID, connection: Connection) {
        self.id = id
        self.connection = connection
    }

    /// Its address.
    public var peer: SocketAddress { connection.peer }

    /// Is the server draining? Then reads end as soon as the input is quiet; a handler that does not read should end.
    public var isDraining: Bool { connection.interruption?.isRaised ?? false }

    /// As ``Connection/read(into:)``.
    ///
    /// - Throws: as there.
    public func read(into span: inout MutableSpan<UInt8>) throws(NitkaError) -> Int? {
        try connection.read(into: &span)
    }

    /// As ``Connection/read()``.
    ///
    /// - Throws: as there.
    public func read() throws(NitkaError) -> [UInt8]? { try connection.read() }

    /// As ``Connection/write(_:)-(RawSpan)``.
    ///
    /// - Throws: as there.
    public func write(_ bytes: RawSpan) throws(NitkaError) { try connection.write(bytes) }

    /// As ``Connection/write(_:)-([UInt8])``.
    ///
    /// - Throws: as there.
    public func write(_ bytes: [UInt8]) throws(NitkaError) { try connection.write(bytes) }

    /// As ``Connection/forward(to:)``.
    ///
    /// - Throws: as there.
    public func forward(to other: Client) throws(NitkaError) { try connection.forward(to: other.connection) }

    /// As ``Connection/endSending()``.
    public func endSending() { connection.endSending() }

    /// As ``Connection/shutDown()``.
    public func shutDown() { connection.shutDown() }
}

extension Client: ServedClient {
    var carried: any ServedConnection { connection }
}
