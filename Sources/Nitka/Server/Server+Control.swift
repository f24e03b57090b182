// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension Server {
    /// Ends the server without losing a byte: stops accepting, serves who waits in the kernel's queue, lets each client
    /// finish, and cuts off who has not by the end of the time.
    ///
    /// A client's reads end when its input was quiet for 100 ms; then it is sent the end of the stream. Of the time the
    /// last quarter, two seconds at most, is kept for those who never stop: they get a prefix of what they were owed,
    /// and the end of the stream. Returns at once; ``run(_:stackBytes:_:)`` returns when everybody has gone. A second call
    /// changes nothing.
    ///
    /// - Parameter time: for all of it together; 0 cuts off at once.
    public func drain(within time: Duration = .seconds(10)) {
        let isNew = control.update { control in
            guard control.phase != .draining, control.phase != .ended else { return false }
            control.phase = .draining
            control.drain = DrainPlan(start: .now, time: max(.zero, time))
            return true
        }
        guard isNew else { return }
        tell(.draining(clients: registry.count))
        interruption.raise()
        wake.raise()
    }

    /// Ends the server at once: everybody who is there is shut down.
    public func endNow() {
        drain(within: .zero)
        control.update { $0.drain = DrainPlan(start: .now, time: .zero) }
        wake.raise()
    }

    /// Accepts nobody until ``resume()``; who comes waits in the kernel's queue. Clients who are there are served on.
    public func pause() { change(from: .running, to: .paused) }

    /// Accepts again after ``pause()``.
    public func resume() { change(from: .paused, to: .running) }

    /// Ends one client: both directions of its connection are shut down, which its handler meets as the end of the
    /// stream or as an error.
    ///
    /// - Returns: false when there is no such client.
    @discardableResult
    public func end(client id: ClientID) -> Bool {
        guard let client = registry.client(id) else { return false }
        client.end(.ended)
        return true
    }

    private func change(from old: ServerPhase, to new: ServerPhase) {
        control.update { control in
            if control.phase == old { control.phase = new }
        }
        wake.raise()
    }
}
