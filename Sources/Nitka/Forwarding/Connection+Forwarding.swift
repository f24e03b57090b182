// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension Connection {
    /// Passes on to another connection, or back to this one, whatever comes, until the end of the stream: byte for byte
    /// and in order.
    ///
    /// Blocks the calling thread. Messages go through a buffer that fits itself to them; a stream goes through a pipe,
    /// and never into this process's memory, see splice(2). The other's sending is not ended: that is the caller's to
    /// say.
    ///
    /// - Throws: what reading and writing throw.
    public func forward(to other: Connection) throws(NitkaError) {
        while try !forwardMessages(to: other), try !forwardLarge(to: other) {}
    }

    /// Until something comes that fills the room: false; or the end: true. The room is on the stack, where the call
    /// that receives is too.
    @inline(never)
    private func forwardMessages(to other: Connection) throws(NitkaError) -> Bool {
        var bytes = InlineArray<1024, UInt8>(repeating: 0)
        var room = bytes.mutableSpan
        while let count = try read(into: &room) {
            try other.write(room.span.bytes.extracting(first: count))
            if count == room.count { return false }
        }
        return true
    }

    /// Until messages are small again: false; or the end: true.
    @inline(never)
    private func forwardLarge(to other: Connection) throws(NitkaError) -> Bool {
        var buffer = ForwardBuffer()
        var detector = StreamDetector()
        while let count = try buffer.passOn(from: self, to: other) {
            if buffer.isTooLarge { return false }
            guard detector.isStream(after: count, of: ForwardBuffer.largest), let pipe = pipes?.take() else { continue }
            if try stream(to: other, through: pipe) { return true }
        }
        return true
    }

    /// Until messages come again: false; or the end: true.
    private func stream(to other: Connection, through pipe: consuming Pipe) throws(NitkaError) -> Bool {
        let wereBlocked = Signals.blockBrokenPipes()
        defer { Signals.unblockBrokenPipes(wereBlocked) }
        do throws(NitkaError) {
            let hasEnded = try pump(to: other, through: pipe)
            pipes?.giveBack(pipe)
            return hasEnded
        } catch {
            pipes?.giveBack(pipe)
            throw error
        }
    }

    private func pump(to other: Connection, through pipe: borrowing Pipe) throws(NitkaError) -> Bool {
        var detector = StreamDetector()
        var gathering = Gathering()
        // Whoever polls next, for a drain or at the end, is to hear of every byte.
        defer { if gathering.isOn { stopGathering() } }
        gather(&gathering)
        while let count = try received(into: pipe) {
            if count == 0 { return false }
            try other.write(count, from: pipe)
            if detector.isMessages(after: count) { return false }
            gathering.took(count)
            gather(&gathering)
        }
        return true
    }

    /// How much has come into the empty pipe; 0 where none may go that way, and all that came is still to be read.
    private func received(into pipe: borrowing Pipe) throws(NitkaError) -> Int? {
        do throws(NitkaError) {
            return try read(into: pipe)
        } catch  where error.reason.refusesPipes {
            return 0
        }
    }

    /// Waits, where it pays, until much has come. No read blocks while that is the mark: it may never be reached, and
    /// the kernel would wake nobody for less.
    private func gather(_ gathering: inout Gathering) {
        let step = gathering.next()
        if step == .read { return }
        guard let reader = socket.beginReading() else { return }
        defer { socket.endReading() }
        if step == .begin { reader.setMark(Gathering.bytes) }
        let end = MonotonicTime.now + Gathering.patience
        if case .ready = reader.waitUntilReadable(orInterruptedBy: interruption?.descriptor ?? -1, until: end) {
            gathering.found(reader.unread)
        } else {
            reader.setMark(1)
            gathering.gaveUp()
        }
    }

    private func stopGathering() {
        guard let reader = socket.beginReading() else { return }
        reader.setMark(1)
        socket.endReading()
    }
}

/// Room for one read of more than fits on the stack, which fits itself to what comes.
struct ForwardBuffer {
    static let smallest = 8192
    static let largest = 65_536
    /// What would have fitted on the stack.
    static let fewBytes = 1024
    /// After so many small reads in a row the room is given back.
    static let patience = 64

    private(set) var bytes = [UInt8](repeating: 0, count: smallest)
    private var smallReads = 0

    var isTooLarge: Bool { smallReads >= Self.patience }

    /// Passes on what comes next, and says how much it was; nil at the end of the stream.
    mutating func passOn(from source: Connection, to target: Connection) throws(NitkaError) -> Int? {
        var room = bytes.mutableSpan
        guard let count = try source.read(into: &room) else { return nil }
        try target.write(room.span.bytes.extracting(0..<count))
        fit(to: count)
        return count
    }

    mutating func fit(to count: Int) {
        if count == bytes.count, count < Self.largest {
            bytes = [UInt8](repeating: 0, count: min(count * 8, Self.largest))
            smallReads = 0
        } else {
            smallReads = count > Self.fewBytes ? 0 : smallReads + 1
        }
    }
}
