// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension Connection {
    /// How long one `recv` or `send` waits before the caller polls instead. Who talks more often than this never polls;
    /// who pauses longer costs one call more, and can be interrupted.
    static let slice = Duration.milliseconds(200)

    private static let bufferSize = 16 * 1024

    /// Reads what has come, waiting for the first byte: as many bytes as fit, at least one.
    ///
    /// Blocks the calling thread. While the server drains, a reader whose input is quiet gets nil, like one whose
    /// peer has finished. The calls behind it are recv(2) and poll(2).
    ///
    /// - Parameter span: room for the bytes; not empty.
    /// - Returns: how many bytes there are now at the beginning of `span`; nil at the end of the stream.
    /// - Throws: ``NitkaError`` when the peer resets, the idle time is over, or the connection was closed here.
    public func read(into span: inout MutableSpan<UInt8>) throws(NitkaError) -> Int? {
        precondition(!span.isEmpty, "a read needs room for a byte")
        guard let reader = socket.beginReading() else { throw failure("read from", .closed) }
        defer { socket.endReading() }
        return try count { () throws(Errno) in
            try next(from: reader) { (reader) throws(Errno) in try reader.receive(into: &span) }
        }
    }

    /// As ``read(into:)``, into an empty pipe.
    func read(into pipe: borrowing Pipe) throws(NitkaError) -> Int? {
        guard let reader = socket.beginReading() else { throw failure("read from", .closed) }
        defer { socket.endReading() }
        return try count { () throws(Errno) in
            try next(from: reader) { (reader) throws(Errno) in try reader.receive(into: pipe) }
        }
    }

    /// Reads what has come, waiting for the first byte: 1 to 16,384 bytes in an array of just that size.
    ///
    /// Like ``read(into:)``, which makes no array.
    ///
    /// - Returns: the bytes; nil at the end of the stream.
    /// - Throws: as ``read(into:)``.
    public func read() throws(NitkaError) -> [UInt8]? {
        guard let reader = socket.beginReading() else { throw failure("read from", .closed) }
        defer { socket.endReading() }
        var bytes: [UInt8] = []
        let count = try count { () throws(Errno) in
            let room = scratch.take() ?? ByteBlock(count: Self.bufferSize)
            let result = try next(from: reader) { (reader) throws(Errno) in try reader.receive(into: room) }
            if case .bytes(let count) = result { bytes = room.array(count) }
            scratch = consume room
            return result
        }
        return count.map { _ in bytes }
    }
}

extension Connection {
    /// Waits until a read would not: something came, or the end of the stream, or the connection was shut down here.
    ///
    /// Unlike a read with a timeout, which waits for a slice at least, it is as exact as the clock.
    package func isReadable(within patience: Duration) -> Bool {
        guard let reader = socket.beginReading() else { return true }
        defer { socket.endReading() }
        if case .ready = reader.waitUntilReadable(orInterruptedBy: -1, until: .now + patience) { return true }
        return false
    }
}

/// How one read went on, of those ways that are no errno.
private enum ReadResult {
    case bytes(Int)
    case end
    case idle
    case tooLong
}

extension Connection {
    private func count(_ body: () throws(Errno) -> ReadResult) throws(NitkaError) -> Int? {
        let result: ReadResult
        do throws(Errno) {
            result = try body()
        } catch {
            throw failure("read from", .system(error))
        }
        switch result {
        case .bytes(let count): return count
        case .end: return nil
        case .idle: throw failure("read from", .idle)
        case .tooLong: throw failure("read from", .tooLong)
        }
    }

    /// Receives first and waits after: a busy client costs 1 system call per message.
    @inline(__always)
    private func next(
        from reader: SocketReader, _ receive: (SocketReader) throws(Errno) -> Received
    ) throws(Errno) -> ReadResult {
        if isOverAge { return .tooLong }
        if let interruption, interruption.isRaised { return try lastBytes(from: reader, receive) }
        if let result = try result(of: receive(reader)) { return result }
        return try afterSilence(from: reader, receive)
    }

    /// The first slice is over without a byte; it counts towards the idle time.
    private func afterSilence(
        from reader: SocketReader, _ receive: (SocketReader) throws(Errno) -> Received
    ) throws(Errno) -> ReadResult {
        let deadline = readDeadline(alreadyWaited: Self.slice)
        while true {
            switch reader.waitUntilReadable(orInterruptedBy: interruption?.descriptor ?? -1, until: deadline) {
            case .ready: if let result = try result(of: receive(reader)) { return result }
            case .interrupted: return try lastBytes(from: reader, receive)
            case .timedOut: return isOverAge ? .tooLong : .idle
            }
        }
    }

    /// Nil when nothing came.
    private func result(of received: Received) -> ReadResult? {
        switch received {
        case .bytes(let count):
            note(received: count)
            return .bytes(count)
        case .endOfStream:
            inputEnded.store(true, ordering: .releasing)
            return .end
        case .nothing: return nil
        }
    }

    /// While the server drains: what comes within the quiet time, else the end.
    private func lastBytes(
        from reader: SocketReader, _ receive: (SocketReader) throws(Errno) -> Received
    ) throws(Errno) -> ReadResult {
        if cutOff.load(ordering: .acquiring) { return .end }
        guard case .ready = reader.waitUntilReadable(orInterruptedBy: -1, until: .now + Interruption.quietTime) else {
            return .end
        }
        return result(of: try receive(reader)) ?? .end
    }

    /// One writer: the reading lock is held.
    private func note(received count: Int) {
        receivedCount.store(receivedCount.load(ordering: .relaxed) &+ UInt64(count), ordering: .relaxed)
    }

    private func readDeadline(alreadyWaited: Duration) -> MonotonicTime {
        let patience = readPatience.load(ordering: .relaxed)
        let idle: MonotonicTime = patience == .max ? .distantFuture : .now + (.nanoseconds(patience) - alreadyWaited)
        return min(idle, MonotonicTime(nanoseconds: lastMoment.load(ordering: .relaxed)))
    }

    /// The clock is read only for a connection that may grow too old.
    var isOverAge: Bool {
        let last = lastMoment.load(ordering: .relaxed)
        return last != .max && MonotonicTime.now.nanoseconds >= last
    }
}
