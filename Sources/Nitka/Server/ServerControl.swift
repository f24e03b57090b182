// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

// What a program may tell a running server, from any thread.

extension Server {
    /// Ends the server without losing a byte: it ignores new connections, serves the clients in the backlog, lets each
    /// client finish, and cuts off the clients that have not finished in time.
    ///
    /// A read returns nil after 100 ms without input; when its handler returns, the client gets the end of the stream.
    /// The cut-off comes when the time is over: a client that never stops sending gets a prefix of its bytes, then the
    /// end of the stream. So does each client that is still in the backlog. That takes up to 2 s more. Returns at once;
    /// the call that runs the server returns when all clients have ended. A second call changes nothing.
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
        control.update { $0.drain = DrainPlan(shutDownAt: .now) }
        wake.raise()
    }

    /// Stops accepting until ``resume()`` is called. New connections wait in the listen backlog; connected clients are
    /// unaffected.
    public func pause() { change(from: .running, to: .paused, .paused) }

    /// Accepts again after ``pause()``.
    public func resume() { change(from: .paused, to: .running, .resumed) }

    private func change(from old: ServerPhase, to new: ServerPhase, _ event: ServerEvent) {
        let isChange = control.update { control in
            guard control.phase == old else { return false }
            control.phase = new
            return true
        }
        guard isChange else { return }
        report(event)
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
