// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

// The methods for reading, each in its blocking and its async form. `ConnectionState` decides for both.

extension Connection {
    /// Reads what has arrived, waiting for the first byte: at least 1 byte, and as many as fit.
    ///
    /// Blocks the calling thread. While the server drains, a connection whose input is quiet for 100 ms returns nil, as
    /// if the peer had finished. Based on recv(2) and poll(2).
    ///
    /// - Parameter span: space for the bytes; not empty.
    /// - Returns: how many bytes are now at the beginning of `span`; nil at the end of the stream.
    /// - Throws: ``NitkaError`` when the peer resets, the idle timeout passes, or this end closed the connection.
    @available(*, noasync, message: "Connection blocks its thread; async code uses AsyncConnection")
    public func read(into span: inout MutableSpan<UInt8>) throws(NitkaError) -> Int? {
        precondition(!span.isEmpty, "a read needs space for 1 byte")
        return try receive { (reader) throws(Errno) in try reader.receive(into: &span) }
    }

    /// Reads what has arrived, waiting for the first byte: 1 to 32,768 bytes in an array of that size.
    ///
    /// Like ``read(into:)``, which allocates nothing.
    ///
    /// - Returns: the bytes; nil at the end of the stream.
    /// - Throws: as ``read(into:)``.
    @available(*, noasync, message: "Connection blocks its thread; async code uses AsyncConnection")
    public func read() throws(NitkaError) -> [UInt8]? {
        var bytes: [UInt8] = []
        let capacity = state.readCapacity
        guard let count = try receive({ (reader) throws(Errno) in try reader.receive(into: &bytes, atMost: capacity) })
        else { return nil }
        state.noteArrayRead(count)
        return bytes
    }

    /// As ``read(into:)``, into an empty pipe.
    func read(into pipe: borrowing Pipe) throws(NitkaError) -> Int? {
        try receive { (reader) throws(Errno) in try reader.receive(into: pipe) }
    }

    /// Receives first, and polls only if nothing arrives: a busy client costs 1 system call per message.
    @inline(__always)
    private func receive(_ receive: (SocketReader) throws(Errno) -> Received) throws(NitkaError) -> Int? {
        guard let reader = socket.beginReading() else { throw state.failure("read from", .closed) }
        defer { socket.endReading() }
        if state.isOverAge(at: .now) { throw state.failure("read from", .maximumAge) }
        if state.mustPollBeforeReceive(slice: Self.slice), try !waitForInput(reader, alreadyWaited: .zero) {
            return nil
        }
        while true {
            let received: Received
            do throws(Errno) { received = try receive(reader) } catch { throw failure("read from", error) }
            switch received {
            case .bytes(let count):
                state.noteReceived(count)
                return count
            case .endOfStream:
                state.noteEndOfInput()
                return nil
            case .nothing:
                if try !waitForInput(reader, alreadyWaited: Self.slice) { return nil }
            }
        }
    }

    /// Waits for input. Returns false when a drain ends the read: after 100 ms without input, or after the cut-off.
    @inline(never)
    private func waitForInput(_ reader: SocketReader, alreadyWaited: Duration) throws(NitkaError) -> Bool {
        var start = MonotonicTime.now - alreadyWaited
        while true {
            if state.isCutOff { return false }
            let drain = state.isDraining ? -1 : state.drainSignal?.descriptor ?? -1
            switch reader.waitUntilReadable(orInterruptedBy: drain, until: state.readDeadline(waitingSince: start)) {
            case .ready: return true
            case .interrupted: start = .now
            case .timedOut:
                // A low-water mark, see `BulkGathering`, hides a few bytes from the poll.
                if reader.unread > 0 { return true }
                guard let reason = state.endOfSilence(at: .now) else { return false }
                throw state.failure("read from", reason)
            }
        }
    }

    /// Waits until a read would return at once: with bytes, with the end of the stream, or with an error.
    package func isReadable(within time: Duration) -> Bool {
        guard let reader = socket.beginReading() else { return true }
        defer { socket.endReading() }
        return reader.waitUntilReadable(orInterruptedBy: -1, until: .now + time) == .ready
    }

    func failure(_ operation: String, _ errno: Errno) -> NitkaError { state.failure(operation, .system(errno)) }
}

extension AsyncConnection {
    /// Reads what has arrived, waiting for the first byte: at least 1 byte, and as many as fit.
    ///
    /// Suspends the task. While the server drains, a connection whose input is quiet for 100 ms returns nil, as if the
    /// peer had finished. Based on recv(2) and epoll(7).
    ///
    /// - Parameter span: space for the bytes; not empty.
    /// - Returns: how many bytes are now at the beginning of `span`; nil at the end of the stream.
    /// - Throws: ``NitkaError`` when the peer resets, the idle timeout passes, this end closed the connection, or the task
    ///   is cancelled: then nothing is lost, and the next read continues.
    public nonisolated(nonsending) func read(into span: inout MutableSpan<UInt8>) async throws(NitkaError) -> Int? {
        precondition(!span.isEmpty, "a read needs space for 1 byte")
        guard loop.isCurrent else { return try await readElsewhere(into: &span) }
        if !registration.state.reading.tryLock(), await registration.lockReading(on: loop) != .ready {
            throw state.failure("read from", .cancelled)
        }
        defer { registration.state.reading.unlock() }
        while try await waitForInput() {
            let result = attempt { () throws(Errno) in try socket.receive(into: &span) }
            if case .bytes(let count) = try received(result, capacity: span.count) { return count }
        }
        return nil
    }

    /// Reads what has arrived, waiting for the first byte: 1 to 65,536 bytes in an array of that size.
    ///
    /// Like ``read(into:)``, which allocates nothing. A task that waits here holds no buffer.
    ///
    /// - Returns: the bytes; nil at the end of the stream.
    /// - Throws: as ``read(into:)``.
    @inline(__always)
    public nonisolated(nonsending) func read() async throws(NitkaError) -> [UInt8]? {
        guard loop.isCurrent else { return try await elsewhere { () async throws(NitkaError) in try await read() } }
        if !registration.state.reading.tryLock(), await registration.lockReading(on: loop) != .ready {
            throw state.failure("read from", .cancelled)
        }
        defer { registration.state.reading.unlock() }
        while try await waitForInput() {
            if let bytes = try receiveArray() { return bytes }
        }
        return nil
    }

    /// Returns nil when nothing has arrived, and at the end of the stream: then the next `waitForInput` returns false.
    private func receiveArray() throws(NitkaError) -> [UInt8]? {
        let block = loop.takeBlock()
        let result = attempt { () throws(Errno) in try socket.receive(into: block) }
        var bytes: [UInt8]?
        if case .success(.bytes(let count)) = result { bytes = block.array(count) }
        loop.giveBack(block)
        _ = try received(result, capacity: EventLoop.blockBytes)
        return bytes
    }

    /// Waits until a receive may find input. Returns false at the end of the stream, and when a drain ends the read:
    /// after 100 ms without input, or after the cut-off.
    @inline(__always)
    nonisolated(nonsending) func waitForInput() async throws(NitkaError) -> Bool {
        // One place throws: each error in the making would enlarge the frame that an idle client holds.
        let reason: NitkaError.Reason
        if !socket.isOpen {
            reason = .closed
        } else if state.inputIsAtEnd || state.isCutOff {
            return false
        } else if Task.isCancelled {
            reason = .cancelled
        } else if state.isOverAge(at: loop.now) {
            reason = .maximumAge
        } else if registration.state.hasInput {
            if registration.state.countCall() { await loop.letOthersRun() }
            return true
        } else {
            let start = state.hasShortTimeout ? .now : loop.now
            switch await registration.waitToRead(on: loop, until: state.readDeadline(waitingSince: start)) {
            case .ready: return true
            case .cancelled: reason = .cancelled
            case .timedOut:
                guard let silence = state.endOfSilence(at: loop.now) else { return false }
                reason = silence
            }
        }
        throw state.failure("read from", reason)
    }

    /// Records the result of a receive.
    ///
    /// A receive of fewer bytes than `capacity` has emptied the socket, see epoll(7): the kernel reports the next
    /// input. This does not hold after `LoopReadiness.mayHaveMore`.
    func received(_ result: Result<Received, Errno>, capacity: Int) throws(NitkaError) -> Received {
        switch result {
        case .success(.bytes(let count)):
            if count < capacity, !registration.state.mayHaveMore { registration.state.hasInput = false }
            state.noteReceived(count)
            return .bytes(count)
        case .success(.endOfStream):
            state.noteEndOfInput()
            return .endOfStream
        case .success(.nothing):
            registration.state.hasInput = false
            return .nothing
        case .failure(let errno): throw failure("read from", errno)
        }
    }

    func failure(_ operation: String, _ errno: Errno) -> NitkaError {
        state.failure(operation, socket.isOpen ? .system(errno) : .closed)
    }

    @inline(__always)
    func attempt<Value>(_ call: () throws(Errno) -> Value) -> Result<Value, Errno> {
        do throws(Errno) { return .success(try call()) } catch { return .failure(error) }
    }

    /// Runs `body` on the connection's loop, from a task that runs elsewhere.
    ///
    /// Never inlined: a client that waits must not hold its frame.
    @inline(never)
    nonisolated(nonsending) func elsewhere<Value: Sendable>(
        _ body: () async throws(NitkaError) -> Value
    ) async throws(NitkaError) -> Value {
        if !socket.isOpen { throw state.failure("use", .closed) }
        return try await withTaskExecutorPreference(loop) { () async throws(NitkaError) in
            // After the loop has ended, its jobs run on the thread that enqueues them, which must not touch the socket.
            guard loop.isCurrent else { throw state.failure("use", .closed) }
            return try await body()
        }
    }

    private nonisolated(nonsending) func readElsewhere(
        into span: inout MutableSpan<UInt8>
    ) async throws(NitkaError) -> Int? {
        let most = span.count
        let bytes = try await elsewhere { () async throws(NitkaError) in
            var buffer = [UInt8](repeating: 0, count: most)
            var span = buffer.mutableSpan
            let count = try await read(into: &span)
            return count.map { buffer[..<$0] }
        }
        guard let bytes else { return nil }
        for (index, byte) in bytes.enumerated() { span[index] = byte }
        return bytes.count
    }
}
