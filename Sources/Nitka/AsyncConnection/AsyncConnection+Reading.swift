// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension AsyncConnection {
    /// Reads what has come, waiting for the first byte: as many bytes as fit, at least one.
    ///
    /// Suspends the task while nothing is there. While the server drains, a reader whose input is quiet gets nil, like
    /// one whose peer has finished. The calls behind it are recv(2) and epoll(7).
    ///
    /// - Parameter span: room for the bytes; not empty.
    /// - Returns: how many bytes there are now at the beginning of `span`; nil at the end of the stream.
    /// - Throws: ``NitkaError`` when the peer resets, the idle time is over, or the connection was closed here.
    public nonisolated(nonsending) func read(
        into span: inout MutableSpan<UInt8>
    ) async throws(NitkaError) -> Int? {
        precondition(!span.isEmpty, "a read needs room for a byte")
        guard loop.isCurrent else { return try await readElsewhere(into: &span) }
        if !reading.take() { await waitForTurn(\.reading) }
        defer { reading.giveUp() }
        while true {
            if try await awaitInput() { return nil }
            switch try received(attempt { () throws(Errno) in try socket.receive(into: &span) }, of: span.count) {
            case .bytes(let count): return count
            case .endOfStream: return nil
            case .nothing: continue
            }
        }
    }

    /// Reads what has come, waiting for the first byte: 1 to 65,536 bytes in an array of just that size.
    ///
    /// Like ``read(into:)``, which makes no array. A task that waits here holds no buffer.
    ///
    /// - Returns: the bytes; nil at the end of the stream.
    /// - Throws: as ``read(into:)``.
    public nonisolated(nonsending) func read() async throws(NitkaError) -> [UInt8]? {
        guard loop.isCurrent else { return try await elsewhere { () async throws(NitkaError) in try await read() } }
        if !reading.take() { await waitForTurn(\.reading) }
        defer { reading.giveUp() }
        while true {
            if try await awaitInput() { return nil }
            let (result, bytes) = receiveArray()
            switch try received(result, of: EventLoop.blockBytes) {
            case .bytes: return bytes
            case .endOfStream: return nil
            case .nothing: continue
            }
        }
    }
}

extension AsyncConnection {
    /// So many reads in a row may find something without waiting; then the others of the loop have their turn.
    private static let mostReadsInARow = 16

    /// Waits until a receive may find something: true when there will be nothing more.
    nonisolated(nonsending) func awaitInput() async throws(NitkaError) -> Bool {
        try checkReadable()
        if watch.hasInput {
            readsInARow += 1
            if readsInARow < Self.mostReadsInARow { return false }
            readsInARow = 0
            await loop.letOthersRun()
            return false
        }
        readsInARow = 0
        if interruption?.isRaised ?? false, cutOff.load(ordering: .acquiring) { return true }
        if case .ready = await suspendReader(until: inputDeadline) { return false }
        try checkPatience()
        return true
    }

    // Apart, so that no errors lie in the frame of a task that waits.

    @inline(never)
    private func checkReadable() throws(NitkaError) {
        if !socket.isOpen { throw failure("read from", .closed) }
        if isOverAge { throw failure("read from", .tooLong) }
    }

    /// A wait that was too long is the end while the server drains, and a failure else.
    @inline(never)
    private func checkPatience() throws(NitkaError) {
        if interruption?.isRaised ?? false { return }
        throw failure("read from", isOverAge ? .tooLong : .idle)
    }

    private func receiveArray() -> (Result<Received, Errno>, [UInt8]) {
        let block = loop.takeBlock()
        var bytes: [UInt8] = []
        let result = attempt { () throws(Errno) in try socket.receive(into: block) }
        if case .success(.bytes(let count)) = result { bytes = block.array(count) }
        loop.giveBack(block)
        return (result, bytes)
    }

    nonisolated(nonsending) func suspendReader(until deadline: Int64) async -> Waiter.Outcome {
        await withUnsafeContinuation { continuation in
            watch.reader.wait(continuation, until: deadline)
            loop.setAlarm(watch)
        }
    }

    @inline(__always)
    func attempt<Value>(_ call: () throws(Errno) -> Value) -> Result<Value, Errno> {
        do throws(Errno) { return .success(try call()) } catch { return .failure(error) }
    }

    /// Notes what a receive into so much room brought; 0 for a pipe.
    ///
    /// A receive that came back short has emptied the socket, see epoll(7): the next report says when to try again. Not
    /// so after a hang-up, which is reported once.
    func received(_ result: Result<Received, Errno>, of room: Int) throws(NitkaError) -> Received {
        switch result {
        case .success(.bytes(let count)):
            if count < room, !watch.isHungUp { watch.hasInput = false }
            receivedCount.store(receivedCount.load(ordering: .relaxed) &+ UInt64(count), ordering: .relaxed)
        case .success(.endOfStream): inputEnded.store(true, ordering: .releasing)
        case .success(.nothing): watch.hasInput = false
        case .failure(let errno): throw failure("read from", socket.isOpen ? .system(errno) : .closed)
        }
        return (try? result.get()) ?? .nothing
    }

    nonisolated(nonsending) func waitForTurn(_ turn: ReferenceWritableKeyPath<AsyncConnection, Turn>) async {
        await withUnsafeContinuation { self[keyPath: turn].wait($0) }
    }

    /// Runs `body` on the connection's own loop, from wherever the task is.
    nonisolated(nonsending) func elsewhere<Value: Sendable>(
        _ body: () async throws(NitkaError) -> Value
    ) async throws(NitkaError) -> Value {
        if !socket.isOpen { throw failure("use", .closed) }
        return try await withTaskExecutorPreference(loop) { () async throws(NitkaError) in
            // A loop that has ended runs its jobs wherever they come from: there is no way to it any more.
            guard loop.isCurrent else { throw failure("use", .closed) }
            return try await body()
        }
    }

    private nonisolated(nonsending) func readElsewhere(
        into span: inout MutableSpan<UInt8>
    ) async throws(NitkaError) -> Int? {
        let most = span.count
        let bytes = try await elsewhere { () async throws(NitkaError) in
            var room = [UInt8](repeating: 0, count: most)
            var span = room.mutableSpan
            let count = try await read(into: &span)
            return count.map { room[..<$0] }
        }
        guard let bytes else { return nil }
        for (index, byte) in bytes.enumerated() { span[index] = byte }
        return bytes.count
    }

    /// Until when to wait for input from now on.
    var inputDeadline: Int64 {
        if interruption?.isRaised ?? false { return deadline(after: Interruption.quietTime.clampedNanoseconds) }
        return min(deadline(after: readPatience.load(ordering: .relaxed)), lastMoment.load(ordering: .relaxed))
    }

    var isOverAge: Bool {
        let last = lastMoment.load(ordering: .relaxed)
        return last != .max && loop.now >= last
    }
}
