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
        var buffer = EchoBuffer()
        while try buffer.echoOnce(client) {}
    }

    /// Serves one client without blocking: hand it to the `run` that takes an async handler.
    ///
    /// - Throws: what reading and writing throw.
    public static func serve(_ client: AsyncClient) async throws {
        try await client.connection.forward(to: client.connection)
    }
}

/// Room for one read, which fits itself to the client: small for who sends lines, large for who streams.
struct EchoBuffer {
    static let smallest = 1024
    static let largest = 65_536
    /// After so many reads that would have fitted the smallest room, the large one is given back.
    static let patience = 64

    private(set) var bytes = [UInt8](repeating: 0, count: smallest)
    private var smallReads = 0

    /// Echoes what comes next: false at the end of the stream.
    mutating func echoOnce(_ client: Client) throws -> Bool {
        var room = bytes.mutableSpan
        guard let count = try client.read(into: &room) else { return false }
        try client.write(room.span.bytes.extracting(0..<count))
        fit(to: count)
        return true
    }

    mutating func fit(to count: Int) {
        if count == bytes.count, count < Self.largest {
            bytes = [UInt8](repeating: 0, count: min(count * 8, Self.largest))
        } else if count > Self.smallest || bytes.count == Self.smallest {
            smallReads = 0
        } else {
            smallReads += 1
            if smallReads == Self.patience { self = EchoBuffer() }
        }
    }
}
