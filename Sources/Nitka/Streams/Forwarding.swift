// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

// Relaying, in its blocking and its async form: messages through memory, bulk through a pipe.

extension Connection {
    /// Writes everything that arrives to another connection, or back to this one, until the end of the stream: byte for
    /// byte and in order.
    ///
    /// Blocks the calling thread. Bulk goes through a pipe and never into the process's memory, see splice(2). The other
    /// connection stays open for writing.
    ///
    /// - Throws: what ``read()`` and ``write(_:)-([UInt8])`` throw.
    @available(*, noasync, message: "Connection blocks its thread; async code uses AsyncConnection")
    public func forward(to other: Connection) throws(NitkaError) {
        var mode = ForwardMode.start
        while true {
            if mode.splices {
                if try !splice(to: other, &mode) { return }
            } else {
                let capacity = state.readCapacity
                guard let bytes = try read() else { return }
                try other.write(bytes)
                mode.copied(bytes.count, capacity: capacity)
            }
        }
    }

    /// Splices until messages arrive again; false at the end of the stream.
    @inline(never)
    private func splice(to other: Connection, _ mode: inout ForwardMode) throws(NitkaError) -> Bool {
        guard let pooled = state.pipes(to: other.state).take() else {
            mode.spliceFailed()
            return true
        }
        let wereBlocked = Signals.blockBrokenPipes()
        defer { Signals.unblockBrokenPipes(wereBlocked) }
        var gathering = BulkGathering()
        // Reset the mark: a later poll, for a drain or a close, must report even 1 byte.
        defer { if gathering.isOn { setLowWaterMark(1) } }
        while mode.splices {
            gather(&gathering)
            let count: Int?
            do throws(NitkaError) {
                count = try read(into: pooled.pipe)
            } catch {
                if !error.reason.refusesPipes { throw error }
                // Nothing has entered the pipe: what arrived is still to be read.
                mode.spliceFailed()
                return true
            }
            guard let count else { return false }
            try other.write(count, from: pooled.pipe)
            mode.spliced(count)
            gathering.took(count)
        }
        return true
    }

    /// Waits until much has arrived, if `BulkGathering` decides so. No read may block while the low-water mark is set:
    /// the kernel would not wake it for fewer bytes.
    private func gather(_ gathering: inout BulkGathering) {
        let step = gathering.next()
        if step == .splice { return }
        if step == .setMarkAndWait { setLowWaterMark(BulkGathering.bytes) }
        guard let reader = socket.beginReading() else { return }
        defer { socket.endReading() }
        let end = MonotonicTime.now + BulkGathering.longest
        if reader.waitUntilReadable(orInterruptedBy: state.drainSignal?.descriptor ?? -1, until: end) == .ready {
            gathering.found(reader.unread)
        } else {
            reader.setLowWaterMark(1)
            gathering.gaveUp()
        }
    }

    private func setLowWaterMark(_ bytes: Int) {
        guard let reader = socket.beginReading() else { return }
        reader.setLowWaterMark(bytes)
        socket.endReading()
    }
}

extension AsyncConnection {
    /// Writes everything that arrives to another connection, or back to this one, until the end of the stream: byte for
    /// byte and in order.
    ///
    /// Suspends the task. Bulk goes through a pipe and never into the process's memory, see splice(2). The other
    /// connection stays open for writing.
    ///
    /// - Throws: what ``read()`` and ``write(_:)-([UInt8])`` throw.
    @inline(__always)
    public nonisolated(nonsending) func forward(to other: AsyncConnection) async throws(NitkaError) {
        var mode = ForwardMode.start
        while true {
            if mode.splices {
                if try await !splice(to: other, &mode) { return }
            } else {
                guard let bytes = try await copyIn() else { return }
                try await other.copyOut(bytes)
                mode.copied(bytes.count, capacity: EventLoop.blockBytes)
            }
        }
    }

    // Not inlined: otherwise a task that waits for input would also hold the frame of a write.
    @inline(never)
    private nonisolated(nonsending) func copyIn() async throws(NitkaError) -> [UInt8]? { try await read() }
    @inline(never)
    private nonisolated(nonsending) func copyOut(_ bytes: [UInt8]) async throws(NitkaError) { try await write(bytes) }

    /// Splices until messages arrive again; false at the end of the stream.
    @inline(never)
    private nonisolated(nonsending) func splice(
        to other: AsyncConnection, _ mode: inout ForwardMode
    ) async throws(NitkaError) -> Bool {
        // The two ends of a relay must share a loop: only its thread may touch their sockets.
        guard loop.isCurrent, other.loop === loop, let pooled = state.pipes(to: other.state).take() else {
            mode.spliceFailed()
            return true
        }
        while mode.splices {
            guard let count = try await read(into: pooled.pipe, &mode) else { return false }
            loop.noteBulk()
            try await other.write(count, from: pooled.pipe)
            mode.spliced(count)
        }
        return true
    }

    /// Splices what has arrived into an empty pipe; nil at the end of the stream, 0 when the kernel refuses to splice.
    private nonisolated(nonsending) func read(
        into pipe: borrowing Pipe, _ mode: inout ForwardMode
    ) async throws(NitkaError) -> Int? {
        if !registration.state.reading.tryLock(), await registration.lockReading(on: loop) != .ready {
            throw state.failure("read from", .cancelled)
        }
        defer { registration.state.reading.unlock() }
        while try await waitForInput() {
            let result = attempt { () throws(Errno) in try socket.receive(into: pipe) }
            if case .failure(let refusal) = result, NitkaError.Reason.system(refusal).refusesPipes {
                // Nothing has entered the pipe: what arrived is still to be read.
                mode.spliceFailed()
                return 0
            }
            // Capacity 0: a splice of few bytes may have filled the slots of the pipe, and not emptied the socket.
            if case .bytes(let count) = try received(result, capacity: 0) { return count }
        }
        return nil
    }
}
