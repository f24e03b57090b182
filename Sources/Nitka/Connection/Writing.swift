// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

// The methods for writing, each in its blocking and its async form.

extension Connection {
    /// Writes all the bytes: it returns when the kernel has taken the last one.
    ///
    /// Blocks the calling thread while the peer does not read: that is the back-pressure, and nothing is queued
    /// elsewhere. The bytes of two writers never interleave. Based on send(2) with MSG_NOSIGNAL.
    ///
    /// - Throws: ``NitkaError`` when the peer resets, the write timeout passes, this end has closed the connection for
    ///   writing, or the connection has reached its maximum age. Some or all of the bytes may have been sent.
    @available(*, noasync, message: "Connection blocks its thread; async code uses AsyncConnection")
    public func write(_ bytes: RawSpan) throws(NitkaError) {
        try sendAll(bytes.byteCount) { (writer, sent) throws(Errno) in
            try writer.send(bytes.extracting(sent..<bytes.byteCount))
        }
    }

    /// Writes all the bytes of an array, as ``write(_:)-(RawSpan)``.
    @available(*, noasync, message: "Connection blocks its thread; async code uses AsyncConnection")
    public func write(_ bytes: [UInt8]) throws(NitkaError) { try write(bytes.span.bytes) }

    /// As ``write(_:)-(RawSpan)``, from a pipe that holds this many bytes.
    func write(_ count: Int, from pipe: borrowing Pipe) throws(NitkaError) {
        // Limit one splice(2) if there is a maximum age: with a slow peer, the send timeout starts again for each part.
        let most = state.lifetimeEnd == .distantFuture ? count : 32 * 1024
        try sendAll(count) { (writer, sent) throws(Errno) in try writer.send(min(count - sent, most), from: pipe) }
    }

    /// Closes the connection for writing and keeps reading possible: a half-close, RFC 9293 section 3.6.
    ///
    /// Waits for a write on another thread to end. Later writes fail; a second call does nothing.
    @available(*, noasync, message: "Connection blocks its thread; async code uses AsyncConnection")
    public func closeWrite() {
        guard let writer = socket.beginWriting() else { return }
        writer.closeWrite()
        socket.endWriting()
    }

    /// - Parameter send: sends the bytes from this offset on.
    @inline(__always)
    private func sendAll(_ count: Int, _ send: (SocketWriter, Int) throws(Errno) -> Sent) throws(NitkaError) {
        guard let writer = socket.beginWriting() else { throw state.failure("write to", .closed) }
        defer { socket.endWriting() }
        var sent = 0
        var detector: WriteStallDetector?
        while sent < count {
            let result: Sent
            do throws(Errno) { result = try send(writer, sent) } catch { throw failure("write to", error) }
            if case .bytes(let more) = result {
                sent += more
                state.noteSent(more)
                if sent == count { break }
                detector = nil
                try waitForSpace(writer, &detector, alreadyWaited: .zero)
            } else {
                try waitForSpace(writer, &detector, alreadyWaited: Self.slice)
            }
        }
        // Check the age only after the write: then a request that arrived in time still gets its reply.
        if state.isOverAge(at: .now) { throw state.failure("write to", .maximumAge) }
    }

    /// Waits until a send may take bytes. The timeout of send(2) is no deadline: it starts again with each part sent.
    ///
    /// - Parameter detector: nil before the first wait, and after a send that took bytes.
    @inline(never)
    private func waitForSpace(
        _ writer: SocketWriter, _ detector: inout WriteStallDetector?, alreadyWaited: Duration
    ) throws(NitkaError) {
        var stalls =
            detector
            ?? state.writeStallDetector(unacknowledged: socket.unacknowledged, waitingSince: .now - alreadyWaited)
        defer { detector = stalls }
        var now: MonotonicTime
        repeat {
            now = .now
            let reason = stalls.check(unacknowledged: socket.unacknowledged, now: now.nanoseconds)
            if let reason { throw state.failure("write to", reason) }
        } while !writer.waitUntilWritable(until: MonotonicTime(nanoseconds: stalls.nextCheck(after: now.nanoseconds)))
    }
}

extension AsyncConnection {
    /// Writes all the bytes: it returns when the kernel has taken the last one.
    ///
    /// Suspends the task while the peer does not read: that is the back-pressure, and nothing is queued elsewhere. The
    /// bytes of two writers never interleave. Based on send(2) with MSG_NOSIGNAL.
    ///
    /// - Throws: ``NitkaError`` when the peer resets, the write timeout passes, this end has closed the connection for
    ///   writing, or the connection has reached its maximum age. Some or all of the bytes may have been sent.
    @inline(__always)
    public nonisolated(nonsending) func write(_ bytes: RawSpan) async throws(NitkaError) {
        guard loop.isCurrent else {
            let copy = bytes.withUnsafeBytes { [UInt8]($0) }
            return try await elsewhere { () async throws(NitkaError) in try await write(copy) }
        }
        try await sendAll(bytes.byteCount) { (socket, sent) throws(Errno) in
            try socket.send(bytes.extracting(sent..<bytes.byteCount))
        }
    }

    /// Writes all the bytes of an array, as ``write(_:)-(RawSpan)``.
    @inline(__always)
    public nonisolated(nonsending) func write(_ bytes: [UInt8]) async throws(NitkaError) {
        try await write(bytes.span.bytes)
    }

    /// As ``write(_:)-(RawSpan)``, from a pipe that holds this many bytes. On the loop's thread.
    nonisolated(nonsending) func write(_ count: Int, from pipe: borrowing Pipe) async throws(NitkaError) {
        try await sendAll(count) { (socket, sent) throws(Errno) in try socket.send(count - sent, from: pipe) }
    }

    /// Closes the connection for writing and keeps reading possible: a half-close, RFC 9293 section 3.6.
    ///
    /// Waits for a write of another task to end. Later writes fail; a second call does nothing.
    public nonisolated(nonsending) func closeWrite() async {
        guard loop.isCurrent else {
            return (try? await elsewhere { () async throws(NitkaError) in await closeWrite() }) ?? ()
        }
        if !registration.state.writing.tryLock(), await registration.lockWriting(on: loop) != .ready { return }
        socket.shutDown(.sending)
        registration.state.writing.unlock()
    }

    /// - Parameter send: sends the bytes from this offset on.
    @inline(__always)
    private nonisolated(nonsending) func sendAll(
        _ count: Int, _ send: (LoopSocket, Int) throws(Errno) -> Sent
    ) async throws(NitkaError) {
        if !registration.state.writing.tryLock(), await registration.lockWriting(on: loop) != .ready {
            throw state.failure("write to", .cancelled)
        }
        defer { registration.state.writing.unlock() }
        if registration.state.countCall() { await loop.letOthersRun() }
        var sent = 0
        var detector: WriteStallDetector?
        while sent < count {
            let result: Sent
            do throws(Errno) { result = try send(socket, sent) } catch { throw failure("write to", error) }
            if case .bytes(let more) = result {
                sent += more
                state.noteSent(more)
                detector = nil
            } else {
                registration.state.hasSpace = false
                try await waitForSpace(&detector)
            }
        }
        // Check the age only after the write: then a request that arrived in time still gets its reply.
        if state.isOverAge(at: loop.now) { throw state.failure("write to", .maximumAge) }
    }

    /// Waits until a send may take bytes.
    ///
    /// The kernel reports buffer space once. A send that takes nothing makes it report again.
    ///
    /// - Parameter detector: nil before the first wait, and after a send that took bytes.
    @inline(never)
    private nonisolated(nonsending) func waitForSpace(_ detector: inout WriteStallDetector?) async throws(NitkaError) {
        if !socket.isOpen { throw state.failure("write to", .closed) }
        do throws(Errno) {
            try loop.reportSpace(registration, for: socket.number)
        } catch {
            throw failure("write to", error)
        }
        let now = loop.now
        let unacknowledged = socket.unacknowledged
        var stalls = detector ?? state.writeStallDetector(unacknowledged: unacknowledged, waitingSince: now)
        if let reason = stalls.check(unacknowledged: unacknowledged, now: now.nanoseconds) {
            throw state.failure("write to", reason)
        }
        let deadline = MonotonicTime(nanoseconds: stalls.nextCheck(after: now.nanoseconds))
        detector = stalls
        if await registration.waitToWrite(on: loop, until: deadline) == .cancelled {
            // A part of the bytes may have been sent: what another task writes must not follow it.
            socket.shutDown(.sending)
            throw state.failure("write to", .cancelled)
        }
        if !socket.isOpen { throw state.failure("write to", .closed) }
    }
}
