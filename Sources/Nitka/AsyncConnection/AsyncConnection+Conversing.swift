// SPDX-License-Identifier: Apache-2.0

package import NitkaSystem
internal import Synchronization

/// Who works at a connection on its loop's thread, while the task that owns it waits: no task is woken for a message.
package protocol LoopPartner: AnyObject {
    /// Does what can be done without waiting: called when something has come, when there is room to send again, and when
    /// the moment has come that was named last.
    ///
    /// It may use ``AsyncConnection/receiveNow(_:)`` and ``AsyncConnection/sendNow(_:of:)``, and nothing that waits.
    func act(on connection: AsyncConnection) throws(NitkaError) -> LoopWait
}

/// What a ``LoopPartner`` waits for now.
package enum LoopWait: Sendable {
    /// For input, for room if a send came back short, and at the latest for a moment in the loop's nanoseconds.
    case until(Int64)
    /// For its next turn: there was more to do than a turn has time for.
    case again
    /// For nothing: the conversation is over.
    case finished
}

extension AsyncConnection {
    /// Has a partner work at the connection until it says that it is finished, or the connection fails.
    ///
    /// Suspends the task meanwhile. It must run on the connection's loop.
    package nonisolated(nonsending) func converse(with partner: any LoopPartner) async throws(NitkaError) {
        precondition(loop.isCurrent, "a conversation is the loop's own work")
        if !reading.take() { await waitForTurn(\.reading) }
        defer { reading.giveUp() }
        if !writing.take() { await waitForTurn(\.writing) }
        defer { writing.giveUp() }
        loop.setPartner(partner, of: watch)
        watch.passer = self
        defer { dismissPartner() }
        if converseInLoop() {
            _ = await withUnsafeContinuation { continuation in
                watch.reader.wait(continuation, until: watch.partnerMoment)
                loop.setAlarm(watch)
            }
        }
        if let failure = conversationFailure.take() { throw failure }
        if !socket.isOpen { throw failure("use", .closed) }
    }

    /// The loop's part; false when the conversation is over. Then the partner goes at once: more may come before the task
    /// runs again, and is no longer its own.
    func converseInLoop() -> Bool {
        let goesOn = takeTurn()
        if !goesOn { dismissPartner() }
        return goesOn
    }

    private func dismissPartner() {
        watch.passer = nil
        loop.setPartner(nil, of: watch)
    }

    @inline(__always)
    private func takeTurn() -> Bool {
        guard let partner = watch.partner, socket.isOpen else { return false }
        do throws(NitkaError) {
            switch try partner.act(on: self) {
            case .finished: return false
            case .again:
                watch.partnerMoment = .max
                watch.reader.putOff(.max)
                loop.callAgain(watch)
            case .until(let moment):
                watch.partnerMoment = moment
                watch.reader.putOff(moment)
                loop.setAlarm(watch)
            }
            return true
        } catch {
            conversationFailure = error
            return false
        }
    }

    /// Takes what has come through the loop's own block, and hands it to `body`; for a ``LoopPartner`` alone.
    @inline(__always)
    package func receiveNow(_ body: (RawSpan) -> Void) throws(NitkaError) -> Received {
        if !watch.hasInput { return .nothing }
        let block = loop.takeBlock()
        let result = attempt { () throws(Errno) in try socket.receive(into: block) }
        if case .success(.bytes(let count)) = result { block.withPrefix(count, body) }
        let room = block.count
        loop.giveBack(block)
        return try received(result, of: room)
    }

    /// Sends the first bytes of a block, as many as the kernel takes: how many. When it does not take all, the partner's
    /// next turn is when there is room again.
    package func sendNow(_ count: Int, of block: borrowing ByteBlock) throws(NitkaError) -> Int {
        let result: Result<Sent, Errno>
        do throws(Errno) {
            result = .success(try socket.send(block, from: 0, to: count))
        } catch {
            result = .failure(error)
        }
        let gone = try sent(result)
        if gone < count { try askForRoom() }
        return gone
    }

    /// Gives the partner a turn soon, from the loop's thread: something else has changed for it.
    package func nudge() {
        if watch.partner != nil { loop.callAgain(watch) }
    }

    /// From now on the partner has a turn when there is room to send.
    private func askForRoom() throws(NitkaError) {
        do throws(Errno) {
            try loop.reportRoom(watch, for: socket.number)
        } catch {
            throw failure("write to", .system(error))
        }
    }
}
