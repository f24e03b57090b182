// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel
internal import Synchronization

extension AsyncConnection {
    /// Passes on to another connection, or back to this one, whatever comes, until the end of the stream: byte for byte
    /// and in order.
    ///
    /// Suspends the task while nothing comes or the other's peer does not read. Small messages the loop passes on by
    /// itself, without waking the task; a task that waits for input holds no buffer. The other's sending is not ended:
    /// that is the caller's to say.
    ///
    /// - Throws: what reading and writing throw.
    public nonisolated(nonsending) func forward(to other: AsyncConnection) async throws(NitkaError) {
        guard loop.isCurrent, other.loop === loop else { return try await forwardElsewhere(to: other) }
        if !reading.take() { await waitForTurn(\.reading) }
        defer { reading.giveUp() }
        while true {
            if try await awaitInput(passingOnTo: other) { return }
            let passed: Passed
            if let byLoop = passedByLoop.take() {
                passed = try byLoop.get()
            } else {
                if !other.writing.take() { await other.waitForTurn(\.writing) }
                passed = try passOn(to: other)
            }
            if case .end = passed { return }
            if case .left(let rest) = passed {
                defer { other.writing.giveUp() }
                try await other.sendAll(rest.span.bytes)
            }
        }
    }

    /// What one receive and the sends after it came to.
    enum Passed {
        case done
        case end
        /// What the send could not take: a copy, of just that size. The turn to write is kept for it.
        case left([UInt8])
    }

    /// The loop's part: passes on what has come without waking the task that waits for it. False when the task has to
    /// look after it: the end, a failure, more to come at once, a peer that does not read.
    func passOnInLoop() -> Bool {
        guard let other = target, !isOverAge, other.writing.take() else { return false }
        do throws(NitkaError) {
            let passed = try passOn(to: other)
            if case .done = passed {
                if watch.hasInput { return false }
                watch.reader.putOff(inputDeadline)
                return true
            }
            passedByLoop = .success(passed)
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
            if case .left = passed { return passed }
            other.writing.giveUp()
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
        switch try received(attempt { () throws(Errno) in try socket.receive(into: block) }, of: block.count) {
        case .endOfStream: return .end
        case .nothing: return .done
        case .bytes(let count):
            var gone = 0
            while gone < count {
                let more = try other.sent(
                    attempt { () throws(Errno) in try other.socket.send(block, from: gone, to: count) })
                if more == 0 { return .left(block.array(gone..<count)) }
                gone += more
            }
            return .done
        }
    }

    /// The two have different loops, or the task is on none: bytes are copied from one to the other.
    private nonisolated(nonsending) func forwardElsewhere(to other: AsyncConnection) async throws(NitkaError) {
        if other.loop === loop {
            return try await elsewhere { () async throws(NitkaError) in try await forward(to: other) }
        }
        while let bytes = try await read() { try await other.write(bytes) }
    }
}
