// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

// What a program may tell a running server, from any thread.

extension Server {
    /// Ends the server without losing a byte: it stops listening, serves the clients that wait in the backlog, lets each
    /// client finish, and cuts off those that have not finished in time.
    ///
    /// A client's reads return nil when its input was quiet for 100 ms; then it gets the end of the stream. The last
    /// quarter of the time, 2 s at most, is kept for clients that never stop sending: they get an exact prefix of what
    /// they are owed, and the end of the stream. Returns at once; the call that runs the server returns when all clients
    /// have ended. A second call changes nothing.
    ///
    /// - Parameter time: the time limit for all clients together; 0 cuts them off at once.
    public func drain(within time: Duration = .seconds(10)) {
        let isNew = control.update { control in
            guard control.phase != .draining, control.phase != .ended else { return false }
            control.phase = .draining
            control.drain = DrainPlan(start: .now, time: max(.zero, time))
            return true
        }
        guard isNew else { return }
        report(.draining(clients: registry.count))
        drainSignal.raise()
        wake.raise()
    }

    /// Ends the server at once: shuts down every client. It also shortens a drain that has begun.
    public func endNow() {
        drain(within: .zero)
        control.update { $0.drain = DrainPlan(start: .now, time: .zero) }
        wake.raise()
    }

    /// Stops accepting until ``resume()`` is called. New connections wait in the listen backlog; connected clients are
    /// unaffected.
    public func pause() { change(from: .running, to: .paused) }

    /// Accepts again after ``pause()``.
    public func resume() { change(from: .paused, to: .running) }

    private func change(from old: ServerPhase, to new: ServerPhase) {
        control.update { control in
            if control.phase == old { control.phase = new }
        }
        wake.raise()
    }

    /// Shuts down both directions of one client's connection; its handler gets the end of the stream or an error.
    ///
    /// - Returns: false when there is no client with this number.
    @discardableResult
    public func disconnect(client id: ClientID) -> Bool {
        guard let client = registry.client(id) else { return false }
        client.end(.disconnected)
        return true
    }
}
