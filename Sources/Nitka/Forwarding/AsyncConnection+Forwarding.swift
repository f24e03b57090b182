// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension AsyncConnection {
    /// Passes on to another connection, or back to this one, whatever comes, until the end of the stream: byte for byte
    /// and in order.
    ///
    /// Suspends the task while nothing comes or the other's peer does not read. Small messages the loop passes on by
    /// itself, without waking the task; a task that waits for input holds no buffer. A stream goes through a pipe, and
    /// never into this process's memory, see splice(2). The other's sending is not ended: that is the caller's to say.
    ///
    /// - Throws: what reading and writing throw.
    public nonisolated(nonsending) func forward(to other: AsyncConnection) async throws(NitkaError) {
        guard loop.isCurrent, other.loop === loop else { return try await forwardElsewhere(to: other) }
        if !reading.take() { await waitForTurn(\.reading) }
        defer { reading.giveUp() }
        while true {
            if try await awaitInput(passingOnTo: other) { return }
            if passedByLoop == nil, !other.writing.take() { await other.waitForTurn(\.writing) }
            switch try nextPassed(to: other) {
            case .done: continue
            case .end: return
            case .left: try await sendLeft(to: other)
            case .stream: if try await stream(to: other) { return }
            }
        }
    }

    // What follows is apart from the loop above so that a task which waits there for messages does not hold room for
    // what it does not do: its frames are most of what an idle client costs.

    @inline(never)
    private func nextPassed(to other: AsyncConnection) throws(NitkaError) -> Passed {
        try (passedByLoop.take() ?? Result { () throws(NitkaError) in try passOn(to: other) }).get()
    }

    @inline(never)
    private nonisolated(nonsending) func sendLeft(to other: AsyncConnection) async throws(NitkaError) {
        defer { other.writing.giveUp() }
        guard let rest = left.take() else { return }
        try await other.sendAll(rest.span.bytes)
    }

    /// Until messages come again, or no pipe is to be had: false; or the end: true.
    @inline(never)
    private nonisolated(nonsending) func stream(to other: AsyncConnection) async throws(NitkaError) -> Bool {
        guard let pipe = pipes?.take() else { return false }
        do throws(NitkaError) {
            let hasEnded = try await pump(to: other, through: pipe)
            pipes?.giveBack(pipe)
            return hasEnded
        } catch {
            pipes?.giveBack(pipe)
            throw error
        }
    }

    private nonisolated(nonsending) func pump(
        to other: AsyncConnection, through pipe: borrowing Pipe
    ) async throws(NitkaError) -> Bool {
        var detector = StreamDetector()
        while true {
            if try await awaitInput() { return true }
            if !other.writing.take() { await other.waitForTurn(\.writing) }
            defer { other.writing.giveUp() }
            // A splice that brings less than there was room for has not emptied the socket: it may have run out of
            // places in the pipe.
            let result = attempt { () throws(Errno) in try socket.receive(into: pipe) }
            // Nothing has gone into the pipe, and all that came is still to be read.
            if case .failure(let refusal) = result, NitkaError.Reason.system(refusal).refusesPipes { return false }
            switch try received(result, of: 0) {
            case .endOfStream: return true
            case .nothing: continue
            case .bytes(let count):
                loop.noteStream()
                try await other.sendAll(count, from: pipe)
                if detector.isMessages(after: count) { return false }
            }
        }
    }

    private nonisolated(nonsending) func sendAll(
        _ count: Int, from pipe: borrowing Pipe
    ) async throws(NitkaError) {
        var left = count
        var patience: RoomPatience?
        while left > 0 {
            let gone = try sent(attempt { () throws(Errno) in try socket.send(left, from: pipe) })
            left -= gone
            if gone > 0 { patience = nil } else { try await awaitRoom(&patience) }
        }
    }

    /// What one receive and the sends after it came to.
    enum Passed {
        case done
        case end
        /// The send could not take all: ``left`` holds the rest, and the turn to write is kept for it.
        case left
        /// All of it, and so much has come so often that a pipe pays.
        case stream
    }

    /// Passes on what has come without waking the task that waits for it. False where the task has to go on: at the end,
    /// after a failure, when the peer does not read, or when another task writes to the target.
    func passOnInLoop() -> Bool {
        // A task that was told already, and has not run yet, would not hear of what is left.
        guard watch.reader.isWaiting, let other = target, !isOverAge, other.writing.take() else { return false }
        do throws(NitkaError) {
            let passed = try passOn(to: other)
            if passed == .done, !watch.hasInput {
                watch.reader.putOff(inputDeadline)
                return true
            }
            if passed != .done { passedByLoop = .success(passed) }
        } catch {
            passedByLoop = .failure(error)
        }
        return false
    }

    private nonisolated(nonsending) func awaitInput(
        passingOnTo other: AsyncConnection
    ) async throws(NitkaError) -> Bool {
        target = other
        watch.passer = self
        defer {
            watch.passer = nil
            target = nil
        }
        return try await awaitInput()
    }

    /// One receive and one send through the loop's own block, which nobody else can need meanwhile. The caller has
    /// taken the turn to write, which ends here unless something is left.
    private func passOn(to other: AsyncConnection) throws(NitkaError) -> Passed {
        let block = loop.takeBlock()
        do throws(NitkaError) {
            let passed = try passOn(to: other, through: block)
            loop.giveBack(block)
            if passed != .left { other.writing.giveUp() }
            return passed
        } catch {
            loop.giveBack(block)
            other.writing.giveUp()
            throw error
        }
    }

    private func passOn(
        to other: AsyncConnection, through block: borrowing ByteBlock
    ) throws(NitkaError) -> Passed {
        let result = attempt { () throws(Errno) in try socket.receive(into: block) }
        switch try received(result, of: block.count) {
        case .endOfStream: return .end
        case .nothing: return .done
        case .bytes(let count):
            if try !send(0..<count, of: block, to: other) { return .left }
            return detector.isStream(after: count, of: block.count) ? .stream : .done
        }
    }

    /// Returns whether all of it was sent; else ``left`` holds the rest.
    private func send(
        _ bytes: Range<Int>, of block: borrowing ByteBlock, to other: AsyncConnection
    ) throws(NitkaError) -> Bool {
        var gone = bytes.lowerBound
        while gone < bytes.upperBound {
            let more = try other.sent(
                attempt { () throws(Errno) in try other.socket.send(block, from: gone, to: bytes.upperBound) })
            if more == 0 {
                left = block.array(gone..<bytes.upperBound)
                return false
            }
            gone += more
        }
        return true
    }

    /// The two have different loops, or the task is on none: bytes are copied from one to the other.
    private nonisolated(nonsending) func forwardElsewhere(to other: AsyncConnection) async throws(NitkaError) {
        if other.loop === loop {
            return try await elsewhere { () async throws(NitkaError) in try await forward(to: other) }
        }
        while let bytes = try await read() { try await other.write(bytes) }
    }
}
